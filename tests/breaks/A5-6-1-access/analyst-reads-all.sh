#!/bin/sh
# An analyst got a login of his own that reads every table.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: nobody expects role analyst: login
# finding: role analyst: member of pg_read_all_data
set -eu
sql <<'END'
CREATE ROLE analyst LOGIN PASSWORD 'not-for-long' VALID UNTIL '2001-01-01';
GRANT pg_read_all_data TO analyst;
END
# undo
sql <<'END'
DROP ROLE analyst;
END
