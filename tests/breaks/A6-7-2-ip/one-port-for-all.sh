#!/bin/sh
# Behind the new load balancer every access is kept with the same source port.
# host: store
# check: policies/article6/test_addresses.py::test_an_address_and_port_tell_the_account_at_that_second
set -eu
echo "SELECT pg_get_functiondef('archive.record_access(text,text,text,inet,integer,timestamptz,text,text)'::regprocedure)" | sql > /run/amanat-break-one-port-for-all.sql
sed '/VALUES/s/occurred_at, client_port,/occurred_at, 443,/' /run/amanat-break-one-port-for-all.sql > /run/amanat-break-one-port-for-all.new
if cmp -s /run/amanat-break-one-port-for-all.sql /run/amanat-break-one-port-for-all.new; then exit 1; fi
sql < /run/amanat-break-one-port-for-all.new
rm /run/amanat-break-one-port-for-all.new
# undo
sql < /run/amanat-break-one-port-for-all.sql
rm /run/amanat-break-one-port-for-all.sql
