#!/bin/sh
# A place for quick tables was made, to be moved to memory: what lies in it no backup brings back.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: tablespace quick: owner postgres
set -eu
sql <<'END'
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE quick LOCATION '';
END
# undo
sql <<'END'
DROP TABLESPACE quick;
END
