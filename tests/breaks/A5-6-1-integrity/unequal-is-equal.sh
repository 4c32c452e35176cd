#!/bin/sh
# An operator makes digests that differ equal.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: operator archive.<>(bytea,bytea)
set -eu
sql <<'END'
CREATE OPERATOR archive.<> (LEFTARG = bytea, RIGHTARG = bytea, FUNCTION = byteaeq);
END
# undo
sql <<'END'
DROP OPERATOR archive.<> (bytea, bytea);
END
