#!/bin/sh
# Times of accesses are kept by the minute, which a report was happy with.
# host: store
# check: policies/article6/test_addresses.py::test_an_access_is_kept_as_it_happened
set -eu
echo "SELECT pg_get_functiondef('archive.record_access(text,text,text,inet,integer,timestamptz,text,text)'::regprocedure)" | sql > /run/amanat-break-by-the-minute.sql
sed '/^    VALUES/s/recorded_at, occurred_at,/recorded_at, date_trunc($$minute$$, occurred_at),/' /run/amanat-break-by-the-minute.sql > /run/amanat-break-by-the-minute.new
if cmp -s /run/amanat-break-by-the-minute.sql /run/amanat-break-by-the-minute.new; then exit 1; fi
sql < /run/amanat-break-by-the-minute.new
rm /run/amanat-break-by-the-minute.new
# undo
sql < /run/amanat-break-by-the-minute.sql
rm /run/amanat-break-by-the-minute.sql
