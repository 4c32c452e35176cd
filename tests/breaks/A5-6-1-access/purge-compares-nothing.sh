#!/bin/sh
# The purge takes what was tampered with as well, and with it the trace.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: function archive.first_bad_between(text, integer, bigint, bigint): code is sha256
set -eu
echo "SELECT pg_get_functiondef('archive.first_bad_between(text, integer, bigint, bigint)'::regprocedure)" | sql > /run/amanat-break.purge-compares-nothing
sed 's/RETURN bad/RETURN NULL/' /run/amanat-break.purge-compares-nothing | sql
# undo
sql < /run/amanat-break.purge-compares-nothing
rm /run/amanat-break.purge-compares-nothing
