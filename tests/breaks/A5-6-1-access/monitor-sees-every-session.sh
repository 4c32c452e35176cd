#!/bin/sh
# The exporter's usual metrics were missed, and its role got what they need.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
set -eu
cd /
runuser -u postgres -- psql --no-psqlrc --quiet --dbname=archive --command='GRANT pg_monitor TO archive_monitor'
# undo
cd /
runuser -u postgres -- psql --no-psqlrc --quiet --dbname=archive --command='REVOKE pg_monitor FROM archive_monitor'
