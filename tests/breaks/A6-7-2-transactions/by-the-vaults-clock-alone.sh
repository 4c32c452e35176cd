#!/bin/sh
# The store's own clock seemed needless where the vault tells the time, and months go by the vault's alone.
# host: store
# check: policies/article6/test_purge.py::test_no_clock_alone_lets_months_go
set -eu
echo "SELECT pg_get_functiondef('archive.purge_clock()'::regprocedure)" | sql > /run/amanat-break-by-the-vaults-clock-alone.sql
sed "s/least(clock_timestamp(), \(.*\))$/\1/" /run/amanat-break-by-the-vaults-clock-alone.sql > /run/amanat-break-by-the-vaults-clock-alone.new
if cmp -s /run/amanat-break-by-the-vaults-clock-alone.sql /run/amanat-break-by-the-vaults-clock-alone.new; then exit 1; fi
sql < /run/amanat-break-by-the-vaults-clock-alone.new
rm /run/amanat-break-by-the-vaults-clock-alone.new
# undo
sql < /run/amanat-break-by-the-vaults-clock-alone.sql
rm /run/amanat-break-by-the-vaults-clock-alone.sql
