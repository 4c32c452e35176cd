#!/bin/sh
# Something that the daily refresh of packages started runs on after it, below its name.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[vault]
# finding: apt-daily.service after its end: root /usr/bin/sleep
set -eu
mkdir -p /run/systemd/system/apt-daily.service.d
printf '[Service]\nExecStart=\nExecStart=/bin/sh -c "sleep infinity & echo $$! > /var/lib/misc/update.pid"\nKillMode=none\n' > /run/systemd/system/apt-daily.service.d/once.conf
systemctl daemon-reload
systemctl start apt-daily.service
rm -r /run/systemd/system/apt-daily.service.d
systemctl daemon-reload
# undo
kill "$(cat /var/lib/misc/update.pid)"
rm /var/lib/misc/update.pid
