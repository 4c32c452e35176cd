#!/bin/sh
# Backups disturbed somebody's work, and were switched off for the day.
# host: vault
set -eu
systemctl disable --now amanat-backup.timer
# undo
systemctl enable --now amanat-backup.timer
