#!/bin/sh
# Disclosures of transactions may cover two months, to save the court a second order.
# host: store
# check: policies/article7/test_disclosure.py::test_the_longest_time_of_a_disclosure_is_the_bounds[transaction]
set -eu
echo "SELECT pg_get_functiondef('archive.check_party_selector(jsonb)'::regprocedure)" | sql > /run/amanat-break-months.sql
sed 's/interval '\''31 days'\''/(CASE selector ->> '\''record'\'' WHEN '\''transaction'\'' THEN interval '\''62 days'\'' ELSE interval '\''31 days'\'' END)/' /run/amanat-break-months.sql > /run/amanat-break-months.new
if cmp -s /run/amanat-break-months.sql /run/amanat-break-months.new; then exit 1; fi
sql < /run/amanat-break-months.new
rm /run/amanat-break-months.new
# undo
sql < /run/amanat-break-months.sql
rm /run/amanat-break-months.sql
