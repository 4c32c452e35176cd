#!/bin/sh
# A setting was slipped into the file of ALTER SYSTEM, which nobody looks at: statements are logged from the next reload on.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: setting log_statement in /etc/postgresql/17/main/postgresql.conf: in force: no
set -eu
data=$(runuser -u postgres -- psql --no-psqlrc --tuples-only --no-align --command="SHOW data_directory")
echo "log_statement = 'all'" >> "$data/postgresql.auto.conf"
# undo
data=$(runuser -u postgres -- psql --no-psqlrc --tuples-only --no-align --command="SHOW data_directory")
sed -i '/^log_statement/d' "$data/postgresql.auto.conf"
systemctl reload postgresql@17-main.service
