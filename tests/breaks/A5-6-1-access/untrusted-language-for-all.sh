#!/bin/sh
# The language C is marked as one that everyone can be trusted with.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: language c is trusted
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
UPDATE pg_language SET lanpltrusted = true WHERE lanname = 'c';
END
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
UPDATE pg_language SET lanpltrusted = false WHERE lanname = 'c';
END
