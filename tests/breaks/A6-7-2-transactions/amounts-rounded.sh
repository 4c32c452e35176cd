#!/bin/sh
# Amounts are kept with two decimals, as the old ledger did.
# host: store
# check: policies/article6/test_transactions.py::test_amounts_at_the_bound_are_read_back
set -eu
echo "SELECT pg_get_functiondef('archive.keep_transaction(text,text,numeric,text,text,text,inet,integer,timestamptz)'::regprocedure)" | sql > /run/amanat-break-amounts.sql
sed '/VALUES/s/user_ref, kind, amount, currency,$/user_ref, kind, round(amount, 2), currency,/' /run/amanat-break-amounts.sql > /run/amanat-break-amounts.new
if cmp -s /run/amanat-break-amounts.sql /run/amanat-break-amounts.new; then exit 1; fi
sql < /run/amanat-break-amounts.new
rm /run/amanat-break-amounts.new
# undo
sql < /run/amanat-break-amounts.sql
rm /run/amanat-break-amounts.sql
