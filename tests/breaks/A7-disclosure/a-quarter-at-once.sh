#!/bin/sh
# Orders for a quarter were cumbersome, so one disclosure may span three months.
# host: store
# check: policies/article7/test_disclosure.py::test_one_disclosure_spans_no_more_than_the_bound
set -eu
echo "SELECT pg_get_functiondef('archive.check_party_selector(jsonb)'::regprocedure)" | sql > /run/amanat-break.sql
sed "s/interval '31 days'/interval '92 days'/" /run/amanat-break.sql > /run/amanat-break.new
if cmp -s /run/amanat-break.sql /run/amanat-break.new; then exit 1; fi
sql < /run/amanat-break.new
rm /run/amanat-break.new
# undo
sql < /run/amanat-break.sql
rm /run/amanat-break.sql
