#!/bin/sh
# Backups were to pause for a move, by a file that somebody has to remember.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[vault]
# finding: unit amanat-backup.service: ConditionPathExists
set -eu
mkdir -p /etc/systemd/system/amanat-backup.service.d
printf '[Unit]\nConditionPathExists=/var/lib/misc/backups-allowed\n' > /etc/systemd/system/amanat-backup.service.d/pause.conf
systemctl daemon-reload
# undo
rm -r /etc/systemd/system/amanat-backup.service.d
systemctl daemon-reload
