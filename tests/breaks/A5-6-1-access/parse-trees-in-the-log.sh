#!/bin/sh
# Gateways' errors are wanted in the log again; a session that prints its parse trees puts content there, as numbers.
# host: store
# check: policies/article5/test_access_log.py::test_content_does_not_reach_the_log
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
systemctl stop amanat-store-guard.service
sql <<'END'
ALTER ROLE archive_writer SET log_min_messages = log;
END
# undo
systemctl start amanat-store-guard.service
