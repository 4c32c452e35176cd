#!/bin/sh
# Port 0 is taken for want of a better one.
# host: store
# check: policies/article6/test_addresses.py::test_an_access_is_taken_up_to_the_bound_and_not_beyond
set -eu
echo "SELECT pg_get_functiondef('archive.record_access(text,text,text,inet,integer,timestamptz,text,text)'::regprocedure)" | sql > /run/amanat-break-any-port.sql
sed 's/is_peer(client_ip, client_port) IS NOT TRUE/is_peer(client_ip, greatest(client_port, 1)) IS NOT TRUE/' /run/amanat-break-any-port.sql > /run/amanat-break-any-port.new
if cmp -s /run/amanat-break-any-port.sql /run/amanat-break-any-port.new; then exit 1; fi
sql < /run/amanat-break-any-port.new
rm /run/amanat-break-any-port.new
# undo
sql < /run/amanat-break-any-port.sql
rm /run/amanat-break-any-port.sql
