#!/bin/sh
# A function of the server itself was changed: the time of a record is that of its statement.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: function clock_timestamp(): otherwise than in other databases
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
ALTER FUNCTION pg_catalog.clock_timestamp() STABLE;
END
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
ALTER FUNCTION pg_catalog.clock_timestamp() VOLATILE;
END
