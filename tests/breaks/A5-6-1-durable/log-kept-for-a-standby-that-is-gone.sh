#!/bin/sh
# A standby was taken down and its slot was not: the log stays until the volume is full.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: replication slot standby: physical
set -eu
sql <<'END'
SELECT pg_create_physical_replication_slot('standby', true);
END
# undo
sql <<'END'
SELECT pg_drop_replication_slot('standby');
END
