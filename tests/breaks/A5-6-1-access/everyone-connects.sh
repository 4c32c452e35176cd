#!/bin/sh
# A new service could not connect, so everyone may, and may make temporary tables as well.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: database archive: rights of everyone: CONNECT TEMPORARY
set -eu
sql <<'END'
GRANT CONNECT, TEMPORARY ON DATABASE archive TO PUBLIC;
END
# undo
sql <<'END'
REVOKE CONNECT, TEMPORARY ON DATABASE archive FROM PUBLIC;
END
