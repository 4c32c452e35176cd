#!/bin/sh
# The desk may change what stands in its history.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: desk: table tracker.transactions: rights of desk_application
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=desk; }
sql <<'END'
GRANT UPDATE ON tracker.transactions TO desk_application;
END
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=desk; }
sql <<'END'
REVOKE UPDATE ON tracker.transactions FROM desk_application;
END
