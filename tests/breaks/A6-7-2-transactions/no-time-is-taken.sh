#!/bin/sh
# What the vault says of the time is not written down any more.
# host: store
# check: policies/article6/test_purge.py::test_the_vault_tells_the_time
set -eu
echo "SELECT pg_get_functiondef('archive.tell_time(timestamptz)'::regprocedure)" | sql > /run/amanat-break-no-time-is-taken.sql
sed "s/IF isfinite(moment) IS NOT TRUE THEN/IF true THEN RETURN false; ELSIF isfinite(moment) IS NOT TRUE THEN/" /run/amanat-break-no-time-is-taken.sql > /run/amanat-break-no-time-is-taken.new
if cmp -s /run/amanat-break-no-time-is-taken.sql /run/amanat-break-no-time-is-taken.new; then exit 1; fi
sql < /run/amanat-break-no-time-is-taken.new
rm /run/amanat-break-no-time-is-taken.new
echo "UPDATE archive.witness SET told_at = told_at - interval '10 days'" | sql
# undo
sql < /run/amanat-break-no-time-is-taken.sql
rm /run/amanat-break-no-time-is-taken.sql
echo "UPDATE archive.witness SET told_at = told_at + interval '10 days'" | sql
