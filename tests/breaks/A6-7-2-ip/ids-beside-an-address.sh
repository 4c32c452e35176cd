#!/bin/sh
# Records of an address are given by their ids, one user of it after the other.
# host: store
# check: policies/article6/test_addresses.py::test_an_order_names_together_only_what_names_a_user
set -eu
echo "SELECT pg_get_functiondef('archive.check_selector(jsonb)'::regprocedure)" | sql > /run/amanat-break-ids-beside-an-address.sql
sed "s/'parties+ids', 'ip',/'parties+ids', 'ids+ip', 'ip',/" /run/amanat-break-ids-beside-an-address.sql > /run/amanat-break-ids-beside-an-address.new
if cmp -s /run/amanat-break-ids-beside-an-address.sql /run/amanat-break-ids-beside-an-address.new; then exit 1; fi
sql < /run/amanat-break-ids-beside-an-address.new
rm /run/amanat-break-ids-beside-an-address.new
# undo
sql < /run/amanat-break-ids-beside-an-address.sql
rm /run/amanat-break-ids-beside-an-address.sql
