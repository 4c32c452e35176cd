#!/bin/sh
# A store that stood without its vault purged nothing, so it was made to go by its own clock.
# host: store
# check: policies/article6/test_purge.py::test_no_clock_alone_lets_addresses_go
# finding: they go by the store's clock alone
set -eu
echo "SELECT pg_get_functiondef('archive.purge_clock()'::regprocedure)" | sql > /run/amanat-break-by-the-stores-clock-alone.sql
sed "s/least(clock_timestamp(), .*)$/clock_timestamp()/" /run/amanat-break-by-the-stores-clock-alone.sql > /run/amanat-break-by-the-stores-clock-alone.new
if cmp -s /run/amanat-break-by-the-stores-clock-alone.sql /run/amanat-break-by-the-stores-clock-alone.new; then exit 1; fi
sql < /run/amanat-break-by-the-stores-clock-alone.new
rm /run/amanat-break-by-the-stores-clock-alone.new
# undo
sql < /run/amanat-break-by-the-stores-clock-alone.sql
rm /run/amanat-break-by-the-stores-clock-alone.sql
