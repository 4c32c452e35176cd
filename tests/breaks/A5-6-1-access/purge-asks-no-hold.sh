#!/bin/sh
# Every hold is still on the list, and the purge asks for none of them.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: function archive.is_held(text, timestamp with time zone, timestamp with time zone, text[]): code is sha256
set -eu
echo "SELECT pg_get_functiondef('archive.is_held(text, timestamptz, timestamptz, text[])'::regprocedure)" | sql > /run/amanat-break.purge-asks-no-hold
sed 's/SELECT EXISTS (/SELECT false AND EXISTS (/' /run/amanat-break.purge-asks-no-hold | sql
# undo
sql < /run/amanat-break.purge-asks-no-hold
rm /run/amanat-break.purge-asks-no-hold
