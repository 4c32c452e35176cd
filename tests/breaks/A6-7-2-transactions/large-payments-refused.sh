#!/bin/sh
# Large amounts overflowed in a report, and are no longer taken.
# host: store
# check: policies/article6/test_transactions.py::test_a_transaction_is_taken_up_to_the_bound_and_not_beyond[most]
set -eu
echo "SELECT pg_get_functiondef('archive.keep_transaction(text,text,numeric,text,text,text,inet,integer,timestamptz)'::regprocedure)" | sql > /run/amanat-break-large-payments-refused.sql
sed "s/amount < 1e18/amount < 1e9/" /run/amanat-break-large-payments-refused.sql > /run/amanat-break-large-payments-refused.new
if cmp -s /run/amanat-break-large-payments-refused.sql /run/amanat-break-large-payments-refused.new; then exit 1; fi
sql < /run/amanat-break-large-payments-refused.new
rm /run/amanat-break-large-payments-refused.new
# undo
sql < /run/amanat-break-large-payments-refused.sql
rm /run/amanat-break-large-payments-refused.sql
