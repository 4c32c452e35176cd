#!/bin/sh
# Refused logins filled the log, so it keeps from now on what ends the server only.
# host: store
# check: policies/article5/test_access_log.py::test_a_refused_login_shows_in_the_log
set -eu
cp -p /etc/postgresql/17/main/postgresql.conf /run/amanat-break.conf
echo 'log_min_messages = panic' >> /etc/postgresql/17/main/postgresql.conf
systemctl reload postgresql@17-main.service
# undo
cp -p /run/amanat-break.conf /etc/postgresql/17/main/postgresql.conf
rm /run/amanat-break.conf
systemctl reload postgresql@17-main.service
