#!/bin/sh
# The sealing job had to change a table once, and can become the owner since.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: role archive_sealer: member of archive_owner
set -eu
sql <<'END'
GRANT archive_owner TO archive_sealer WITH INHERIT FALSE, SET TRUE;
END
# undo
sql <<'END'
REVOKE archive_owner FROM archive_sealer;
END
