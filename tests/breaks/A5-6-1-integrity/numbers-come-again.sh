#!/bin/sh
# The numbers of records begin anew when they are used up, after ten million.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: sequence archive.transaction_id_seq: counts is bigint
set -eu
sql <<'END'
ALTER SEQUENCE archive.transaction_id_seq MAXVALUE 10000000 CYCLE;
END
# undo
sql <<'END'
ALTER SEQUENCE archive.transaction_id_seq NO MAXVALUE NO CYCLE;
END
