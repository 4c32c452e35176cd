#!/bin/sh
# A developer may have the server log his statements, with the messages in them.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: setting log_statement: rights of archive_writer: SET
set -eu
sql <<'END'
GRANT SET ON PARAMETER log_statement TO archive_writer;
END
# undo
sql <<'END'
REVOKE SET ON PARAMETER log_statement FROM archive_writer;
END
