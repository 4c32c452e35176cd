#!/bin/sh
# The language C is marked as one that everyone can be trusted with.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: language c is trusted
set -eu
sql <<'END'
UPDATE pg_language SET lanpltrusted = true WHERE lanname = 'c';
END
# undo
sql <<'END'
UPDATE pg_language SET lanpltrusted = false WHERE lanname = 'c';
END
