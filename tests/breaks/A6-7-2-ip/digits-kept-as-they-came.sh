#!/bin/sh
# Accounts are kept in whatever digits they came, and not found in others.
# host: store
# check: policies/article6/test_addresses.py::test_an_account_tells_its_addresses_and_ports
set -eu
echo "SELECT pg_get_functiondef('archive.record_access(text,text,text,inet,integer,timestamptz,text,text)'::regprocedure)" | sql > /run/amanat-break-digits-kept-as-they-came.sql
sed 's/account := normal_party(account);/account := btrim(account);/' /run/amanat-break-digits-kept-as-they-came.sql > /run/amanat-break-digits-kept-as-they-came.new
if cmp -s /run/amanat-break-digits-kept-as-they-came.sql /run/amanat-break-digits-kept-as-they-came.new; then exit 1; fi
sql < /run/amanat-break-digits-kept-as-they-came.new
rm /run/amanat-break-digits-kept-as-they-came.new
# undo
sql < /run/amanat-break-digits-kept-as-they-came.sql
rm /run/amanat-break-digits-kept-as-they-came.sql
