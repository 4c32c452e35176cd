#!/bin/sh
# A place for quick tables was made where nothing outlives a restart.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: tablespace quick: owner postgres, at /run/postgresql/quick
set -eu
install --directory --owner=postgres --group=postgres --mode=0700 /run/postgresql/quick
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
CREATE TABLESPACE quick LOCATION '/run/postgresql/quick';
END
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
DROP TABLESPACE quick;
END
rmdir /run/postgresql/quick
