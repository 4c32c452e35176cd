#!/bin/sh
# An account's own services run from boot on, without anybody coming in.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[vault]
# finding: hook /home/deploy/.config/systemd/user/default.target.wants/helper.service
# finding: hook /var/lib/systemd/linger/deploy
set -eu
mkdir -p /home/deploy/.config/systemd/user/default.target.wants /var/lib/systemd/linger
printf '[Service]\nExecStart=/usr/bin/true\n' > /home/deploy/.config/systemd/user/default.target.wants/helper.service
touch /var/lib/systemd/linger/deploy
# undo
rm -r /home/deploy/.config/systemd
rmdir --ignore-fail-on-non-empty /home/deploy/.config
rm /var/lib/systemd/linger/deploy
