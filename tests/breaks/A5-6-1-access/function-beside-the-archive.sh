#!/bin/sh
# A library asks for advisory locks, and a whole function of the server is granted with them.
# host: store
# check: policies/article5/test_access_surface.py::test_a_role_calls_only_what_it_is_for[archive_writer]
set -eu
sql <<'END'
GRANT EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text, boolean) TO archive_writer;
END
# undo
sql <<'END'
REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text, boolean) FROM archive_writer;
END
