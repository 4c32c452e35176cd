#!/bin/sh
# A helper got a superuser of his own.
# host: store
# check: policies/article5/test_access_rights.py::test_there_is_one_superuser
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
CREATE ROLE helper LOGIN SUPERUSER;
END
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
DROP ROLE helper;
END
