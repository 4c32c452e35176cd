#!/bin/sh
# The log grew, so logins are no longer written to it.
# host: store
# check: policies/article5/test_access_log.py::test_a_login_shows_in_the_log
set -eu
cp -p /etc/postgresql/17/main/postgresql.conf /run/amanat-break.conf
cat >> /etc/postgresql/17/main/postgresql.conf <<'END'
log_connections = off
log_min_messages = panic
END
systemctl reload postgresql@17-main.service
# undo
cp -p /run/amanat-break.conf /etc/postgresql/17/main/postgresql.conf
rm /run/amanat-break.conf
systemctl reload postgresql@17-main.service
