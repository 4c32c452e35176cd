#!/bin/sh
# Backups disturbed somebody's work, and were switched off for the day.
# host: vault
# check: policies/article5/test_durable_backup.py::test_backups_make_themselves
set -eu
systemctl disable --now amanat-backup.timer
# undo
systemctl enable --now amanat-backup.timer
