#!/bin/sh
# The vault was away for a while, and somebody made the warnings stop.
# host: store
# check: policies/article5/test_durable_backup.py::test_wal_leaves_at_once
set -eu
cp -p /etc/postgresql/17/main/postgresql.conf /run/amanat-break.conf
cat >> /etc/postgresql/17/main/postgresql.conf <<'END'
archive_command = ''
END
systemctl reload postgresql@17-main.service
# undo
cp -p /run/amanat-break.conf /etc/postgresql/17/main/postgresql.conf
rm /run/amanat-break.conf
systemctl reload postgresql@17-main.service
