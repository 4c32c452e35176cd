#!/bin/sh
# A file in the data directory makes the server a standby at its next start: it takes no more records.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: server: file standby.signal: there
set -eu
data=$(runuser -u postgres -- psql --no-psqlrc --tuples-only --no-align --command="SHOW data_directory")
touch "$data/standby.signal"
# undo
data=$(runuser -u postgres -- psql --no-psqlrc --tuples-only --no-align --command="SHOW data_directory")
rm "$data/standby.signal"
