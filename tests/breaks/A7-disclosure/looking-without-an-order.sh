#!/bin/sh
# The function that looks for records can be called without a court order.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: function archive.select_records(jsonb): rights of archive_discloser: EXECUTE
# finding: archive: function archive.select_records(jsonb): runs with the rights of is its owner
set -eu
sql <<'END'
ALTER FUNCTION archive.select_records(jsonb) SECURITY DEFINER;
GRANT EXECUTE ON FUNCTION archive.select_records(jsonb) TO archive_discloser;
END
# undo
sql <<'END'
REVOKE EXECUTE ON FUNCTION archive.select_records(jsonb) FROM archive_discloser;
ALTER FUNCTION archive.select_records(jsonb) SECURITY INVOKER;
END
