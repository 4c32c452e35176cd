#!/bin/sh
# The function that chains looks for its names where others can put theirs.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: function archive.seal_next(): setting search_path is public, archive
set -eu
sql <<'END'
ALTER FUNCTION archive.seal_next() SET search_path = public, archive;
END
# undo
sql <<'END'
ALTER FUNCTION archive.seal_next() SET search_path = archive, pg_temp;
END
