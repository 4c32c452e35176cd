#!/bin/sh
# Who owns the desk's tables logs in.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: role desk_owner
set -eu
sql desk <<'END'
ALTER ROLE desk_owner LOGIN;
END
# undo
sql desk <<'END'
ALTER ROLE desk_owner NOLOGIN;
END
