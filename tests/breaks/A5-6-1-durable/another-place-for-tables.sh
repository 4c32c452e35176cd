#!/bin/sh
# A place for quick tables was made, to be moved to memory: what lies in it no backup brings back.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: tablespace quick: owner postgres
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE quick LOCATION '';
END
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
DROP TABLESPACE quick;
END
