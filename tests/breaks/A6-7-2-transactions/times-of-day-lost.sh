#!/bin/sh
# Payments are kept under their day: the books need no more.
# host: store
# check: policies/article6/test_transactions.py::test_a_transaction_is_stored_as_it_happened
set -eu
echo "SELECT pg_get_functiondef('archive.keep_transaction(text,text,numeric,text,text,text,inet,integer,timestamptz)'::regprocedure)" | sql > /run/amanat-break-times-of-day-lost.sql
sed "/VALUES/s/recorded_at, occurred_at,/recorded_at, date_trunc('day', occurred_at),/" /run/amanat-break-times-of-day-lost.sql > /run/amanat-break-times-of-day-lost.new
if cmp -s /run/amanat-break-times-of-day-lost.sql /run/amanat-break-times-of-day-lost.new; then exit 1; fi
sql < /run/amanat-break-times-of-day-lost.new
rm /run/amanat-break-times-of-day-lost.new
# undo
sql < /run/amanat-break-times-of-day-lost.sql
rm /run/amanat-break-times-of-day-lost.sql
