#!/bin/sh
# A payment that came without a reference is kept under a made-up one, so that the page shows no error.
# host: store
# check: policies/article6/test_transactions.py::test_a_transaction_that_could_not_be_traced_is_refused[reference-None]
set -eu
echo "SELECT pg_get_functiondef('archive.record_transaction(text,text,numeric,text,text,text,inet,integer,timestamptz)'::regprocedure)" | sql > /run/amanat-break-unknown-references.sql
sed "s/normal_party(reference)/normal_party(coalesce(nullif(reference, ''), 'unknown'))/" /run/amanat-break-unknown-references.sql > /run/amanat-break-unknown-references.new
if cmp -s /run/amanat-break-unknown-references.sql /run/amanat-break-unknown-references.new; then exit 1; fi
sql < /run/amanat-break-unknown-references.new
rm /run/amanat-break-unknown-references.new
# undo
sql < /run/amanat-break-unknown-references.sql
rm /run/amanat-break-unknown-references.sql
