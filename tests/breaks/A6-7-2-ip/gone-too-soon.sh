#!/bin/sh
# What removes old days asks no more how long addresses are to be kept.
# host: store
# check: policies/article6/test_addresses.py::test_addresses_are_kept_for_six_months
set -eu
echo "SELECT pg_get_functiondef('archive.expire_days(integer)'::regprocedure)" | sql > /run/amanat-break-gone-too-soon.sql
sed 's/retention_days < least_days/false/' /run/amanat-break-gone-too-soon.sql > /run/amanat-break-gone-too-soon.new
if cmp -s /run/amanat-break-gone-too-soon.sql /run/amanat-break-gone-too-soon.new; then exit 1; fi
sql < /run/amanat-break-gone-too-soon.new
rm /run/amanat-break-gone-too-soon.new
# undo
sql < /run/amanat-break-gone-too-soon.sql
rm /run/amanat-break-gone-too-soon.sql
