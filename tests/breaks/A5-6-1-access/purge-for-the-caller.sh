#!/bin/sh
# Who purges says from when on, and 186 days hold no more.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: function archive.due_periods(text, integer): code is sha256
set -eu
echo "SELECT pg_get_functiondef('archive.due_periods(text, integer)'::regprocedure)" | sql > /run/amanat-break.purge-for-the-caller
sed 's/greatest(p.retention_days, 186)/0/' /run/amanat-break.purge-for-the-caller | sql
# undo
sql < /run/amanat-break.purge-for-the-caller
rm /run/amanat-break.purge-for-the-caller
