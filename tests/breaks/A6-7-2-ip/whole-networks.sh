#!/bin/sh
# An order may name a network for an address.
# host: store
# check: policies/article6/test_addresses.py::test_a_question_that_is_not_narrow_is_refused
set -eu
echo "SELECT pg_get_functiondef('archive.check_selector(jsonb)'::regprocedure)" | sql > /run/amanat-break-whole-networks.sql
sed 's/AND is_peer(normal_address(.*), 1)) IS NOT TRUE/) IS NOT TRUE/' /run/amanat-break-whole-networks.sql > /run/amanat-break-whole-networks.new
if cmp -s /run/amanat-break-whole-networks.sql /run/amanat-break-whole-networks.new; then exit 1; fi
sql < /run/amanat-break-whole-networks.new
rm /run/amanat-break-whole-networks.new
# undo
sql < /run/amanat-break-whole-networks.sql
rm /run/amanat-break-whole-networks.sql
