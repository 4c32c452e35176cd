#!/bin/sh
# An old client could not speak TLS 1.3.
# host: store
# check: policies/article5/test_access_login.py::test_a_login_that_lacks_one_thing_is_refused[TLSv1.2-]
set -eu
cp -p /etc/postgresql/17/main/postgresql.conf /run/amanat-break.conf
cat >> /etc/postgresql/17/main/postgresql.conf <<'END'
ssl_min_protocol_version = 'TLSv1.2'
END
systemctl reload postgresql@17-main.service
# undo
cp -p /run/amanat-break.conf /etc/postgresql/17/main/postgresql.conf
rm /run/amanat-break.conf
systemctl reload postgresql@17-main.service
