#!/bin/sh
# A login page of an old tool asks the server for password verifiers.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: column pg_catalog.pg_authid.rolpassword: rights of archive_auditor: SELECT
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
GRANT SELECT (rolpassword) ON pg_authid TO archive_auditor;
END
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
REVOKE SELECT (rolpassword) ON pg_authid FROM archive_auditor;
END
