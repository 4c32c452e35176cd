#!/bin/sh
# Only the first time that a disclosure is handed out is on record.
# host: store
# check: policies/article7/test_disclosure.py::test_each_fetch_leaves_its_record
set -eu
echo "SELECT pg_get_functiondef('archive.fetch_disclosure(bigint)'::regprocedure)" | sql > /run/amanat-break-fetched.sql
sed '/INSERT INTO event .*disclosure fetched/d' /run/amanat-break-fetched.sql > /run/amanat-break-fetched.new
if cmp -s /run/amanat-break-fetched.sql /run/amanat-break-fetched.new; then exit 1; fi
sql < /run/amanat-break-fetched.new
rm /run/amanat-break-fetched.new
# undo
sql < /run/amanat-break-fetched.sql
rm /run/amanat-break-fetched.sql
