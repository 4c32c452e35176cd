#!/bin/sh
# The digital currency is recorded as rials, whatever the customer paid in.
# host: store
# check: policies/union/test_currency.py::test_each_means_of_payment_can_be_recorded
set -eu
echo "SELECT pg_get_functiondef('archive.keep_transaction(text,text,numeric,text,text,text,inet,integer,timestamptz)'::regprocedure)" | sql > /run/amanat-break-currency.sql
sed '/VALUES/s/user_ref, kind, amount, currency,$/user_ref, kind, amount, CASE means WHEN '\''national_digital_currency'\'' THEN '\''IRR'\'' ELSE currency END,/' /run/amanat-break-currency.sql > /run/amanat-break-currency.new
if cmp -s /run/amanat-break-currency.sql /run/amanat-break-currency.new; then exit 1; fi
sql < /run/amanat-break-currency.new
rm /run/amanat-break-currency.new
# undo
sql < /run/amanat-break-currency.sql
rm /run/amanat-break-currency.sql
