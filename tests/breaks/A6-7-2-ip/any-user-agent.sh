#!/bin/sh
# Whatever a client calls itself is kept, lines of its own for the reader included.
# host: store
# check: policies/article6/test_addresses.py::test_an_access_that_could_not_be_traced_is_refused
set -eu
echo "SELECT pg_get_functiondef('archive.record_access(text,text,text,inet,integer,timestamptz,text,text)'::regprocedure)" | sql > /run/amanat-break-any-user-agent.sql
sed 's/OR user_agent COLLATE/OR false AND user_agent COLLATE/' /run/amanat-break-any-user-agent.sql > /run/amanat-break-any-user-agent.new
if cmp -s /run/amanat-break-any-user-agent.sql /run/amanat-break-any-user-agent.new; then exit 1; fi
sql < /run/amanat-break-any-user-agent.new
rm /run/amanat-break-any-user-agent.new
# undo
sql < /run/amanat-break-any-user-agent.sql
rm /run/amanat-break-any-user-agent.sql
