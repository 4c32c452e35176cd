#!/bin/sh
# The desk may change what stands in its history.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: desk: table tracker.transactions: rights of desk_application
set -eu
sql desk <<'END'
GRANT UPDATE ON tracker.transactions TO desk_application;
END
# undo
sql desk <<'END'
REVOKE UPDATE ON tracker.transactions FROM desk_application;
END
