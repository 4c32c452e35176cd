#!/bin/sh
# A login page of an old tool asks the server for password verifiers.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: column pg_catalog.pg_authid.rolpassword: rights of archive_auditor: SELECT
set -eu
sql <<'END'
GRANT SELECT (rolpassword) ON pg_authid TO archive_auditor;
END
# undo
sql <<'END'
REVOKE SELECT (rolpassword) ON pg_authid FROM archive_auditor;
END
