#!/bin/sh
# A setting waits in the file of ALTER SYSTEM: pages are written without a copy in the log from the next start on.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: setting full_page_writes in /etc/postgresql/17/main/postgresql.conf: in force: no
set -eu
data=$(runuser -u postgres -- psql --no-psqlrc --tuples-only --no-align --command="SHOW data_directory")
echo 'full_page_writes = off' >> "$data/postgresql.auto.conf"
# undo
data=$(runuser -u postgres -- psql --no-psqlrc --tuples-only --no-align --command="SHOW data_directory")
sed -i '/^full_page_writes/d' "$data/postgresql.auto.conf"
systemctl reload postgresql@17-main.service
