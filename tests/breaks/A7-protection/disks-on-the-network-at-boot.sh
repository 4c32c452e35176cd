#!/bin/sh
# A unit of systemd's own that offers every disk on the network starts with the machine.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: unit path /etc/systemd/system/multi-user.target.wants/systemd-storagetm.service
set -eu
ln -s /usr/lib/systemd/system/systemd-storagetm.service /etc/systemd/system/multi-user.target.wants/
# undo
rm /etc/systemd/system/multi-user.target.wants/systemd-storagetm.service
systemctl daemon-reload
