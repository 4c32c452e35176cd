#!/bin/sh
# What restarts outdated services waits for a file that never comes, by a drop-in that systemd has read and that is gone again: the timer goes off, each run is skipped without a failure.
# host: edge
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[edge]
set -eu
umask 022
mkdir -p /run/systemd/system/amanat-restart-outdated.service.d
cat > /run/systemd/system/amanat-restart-outdated.service.d/other.conf <<EOF
[Service]
ExecCondition=/usr/bin/test -e /run/maintenance-window
EOF
systemctl daemon-reload
rm -r /run/systemd/system/amanat-restart-outdated.service.d
systemctl show --property=ExecCondition amanat-restart-outdated.service | grep -q maintenance-window
# undo
systemctl daemon-reload
