#!/bin/sh
# Searching for a number was made comfortable: a party may be a pattern.
# host: store
# check: policies/article7/test_disclosure.py::test_a_selector_selects_no_more_than_it_names
set -eu
echo "SELECT pg_get_functiondef('archive.select_records(jsonb)'::regprocedure)" | sql > /run/amanat-break-patterns.sql
sed 's/btrim(origin) = ANY (parties)/btrim(origin) LIKE ANY (parties)/' /run/amanat-break-patterns.sql > /run/amanat-break-patterns.new
if cmp -s /run/amanat-break-patterns.sql /run/amanat-break-patterns.new; then exit 1; fi
sql < /run/amanat-break-patterns.new
rm /run/amanat-break-patterns.new
# undo
sql < /run/amanat-break-patterns.sql
rm /run/amanat-break-patterns.sql
