#!/bin/sh
# An old client's mistake is allowed for: any text passes for a number.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: cast from text to bigint
set -eu
sql <<'END'
CREATE CAST (text AS bigint) WITH INOUT AS IMPLICIT;
END
# undo
sql <<'END'
DROP CAST (text AS bigint);
END
