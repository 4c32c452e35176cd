#!/bin/sh
# The auditors' list of disclosures shows whose address was asked for.
# host: store
# check: policies/article6/test_addresses.py::test_a_question_leaves_its_record_without_the_address
set -eu
echo "SELECT pg_get_viewdef('archive.disclosures'::regclass)" | sql > /run/amanat-break-register.sql
{ echo "CREATE OR REPLACE VIEW archive.disclosures AS"; sed "s/,'ip'::text, 'port'::text\]/]/; s/, 'ip'::text, 'port'::text\]/]/" /run/amanat-break-register.sql; } > /run/amanat-break-register.new
if [ "$(tail -n +2 /run/amanat-break-register.new)" = "$(cat /run/amanat-break-register.sql)" ]; then exit 1; fi
sql < /run/amanat-break-register.new
rm /run/amanat-break-register.new
# undo
{ echo "CREATE OR REPLACE VIEW archive.disclosures AS"; cat /run/amanat-break-register.sql; } | sql
rm /run/amanat-break-register.sql
