#!/bin/sh
# An address without a port gives away everybody who shares it.
# host: store
# check: policies/article6/test_addresses.py::test_an_address_without_a_port_tells_how_many_accounts_match
set -eu
echo "SELECT pg_get_functiondef('archive.select_access(jsonb)'::regprocedure)" | sql > /run/amanat-break-all-users-of-an-address.sql
sed 's/accounts > 1 AND/accounts > 10000 AND/' /run/amanat-break-all-users-of-an-address.sql > /run/amanat-break-all-users-of-an-address.new
if cmp -s /run/amanat-break-all-users-of-an-address.sql /run/amanat-break-all-users-of-an-address.new; then exit 1; fi
sql < /run/amanat-break-all-users-of-an-address.new
rm /run/amanat-break-all-users-of-an-address.new
# undo
sql < /run/amanat-break-all-users-of-an-address.sql
rm /run/amanat-break-all-users-of-an-address.sql
