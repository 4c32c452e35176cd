#!/bin/sh
# For privacy, addresses are kept without their last part.
# host: store
# check: policies/article6/test_addresses.py::test_an_access_is_kept_as_it_happened
set -eu
echo "SELECT pg_get_functiondef('archive.record_access(text,text,text,inet,integer,timestamptz,text,text)'::regprocedure)" | sql > /run/amanat-break-last-octet-hidden.sql
sed '/^    VALUES/s/outcome, client_ip,$/outcome, host(network(set_masklen(client_ip, CASE family(client_ip) WHEN 4 THEN 24 ELSE 48 END)))::inet,/' /run/amanat-break-last-octet-hidden.sql > /run/amanat-break-last-octet-hidden.new
if cmp -s /run/amanat-break-last-octet-hidden.sql /run/amanat-break-last-octet-hidden.new; then exit 1; fi
sql < /run/amanat-break-last-octet-hidden.new
rm /run/amanat-break-last-octet-hidden.new
# undo
sql < /run/amanat-break-last-octet-hidden.sql
rm /run/amanat-break-last-octet-hidden.sql
