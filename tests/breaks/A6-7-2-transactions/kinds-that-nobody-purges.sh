#!/bin/sh
# Transactions were taken off the list of what goes by itself.
# host: store
# check: policies/article6/test_purge.py::test_nothing_stays_beyond_its_retention_but_what_is_held
# finding: nothing says how long these are kept: transaction_
set -eu
echo "SELECT 'CREATE OR REPLACE VIEW archive.kept_kind AS ' || pg_get_viewdef('archive.kept_kind'::regclass)" | sql > /run/amanat-break.kinds
sed "s/('transaction'::text,[^)]*), //" /run/amanat-break.kinds | sql
# undo
sql < /run/amanat-break.kinds
rm /run/amanat-break.kinds
