#!/bin/sh
# A function of the server itself was changed: the time of a record is that of its statement.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: function clock_timestamp(): otherwise than in other databases
set -eu
sql <<'END'
ALTER FUNCTION pg_catalog.clock_timestamp() STABLE;
END
# undo
sql <<'END'
ALTER FUNCTION pg_catalog.clock_timestamp() VOLATILE;
END
