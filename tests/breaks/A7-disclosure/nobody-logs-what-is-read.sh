#!/bin/sh
# Reading content is no longer logged: it filled the log during a migration.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: setting pgaudit.role is
set -eu
sed -i "s/^pgaudit.role = .*/#&/" /etc/postgresql/17/main/postgresql.conf
systemctl reload postgresql@17-main.service
# undo
sed -i "s/^#pgaudit.role/pgaudit.role/" /etc/postgresql/17/main/postgresql.conf
systemctl reload postgresql@17-main.service
