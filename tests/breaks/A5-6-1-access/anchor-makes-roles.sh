#!/bin/sh
# The vault's login was to make a role for monitoring and may make any since.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: role archive_anchor is login, creates roles
set -eu
sql <<'END'
ALTER ROLE archive_anchor CREATEROLE;
END
# undo
sql <<'END'
ALTER ROLE archive_anchor NOCREATEROLE;
END
