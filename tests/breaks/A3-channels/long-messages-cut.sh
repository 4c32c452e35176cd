#!/bin/sh
# To save room, the end of long contents isn't kept.
# host: store
# check: policies/article3/test_channels.py::test_a_message_of_the_largest_size_is_read_back
# finding: bytes came back
set -eu
echo "SELECT pg_get_functiondef('archive.keep_message(text,text,text,text,timestamptz,timestamptz,inet,integer,bytea)'::regprocedure)" | sql > /run/amanat-break-cut.sql
sed 's/^\( *\)content, encode(substr(mac/\1substr(content, 1, 1000000), encode(substr(mac/' /run/amanat-break-cut.sql > /run/amanat-break-cut.new
if cmp -s /run/amanat-break-cut.sql /run/amanat-break-cut.new; then exit 1; fi
sql < /run/amanat-break-cut.new
rm /run/amanat-break-cut.new
# undo
sql < /run/amanat-break-cut.sql
rm /run/amanat-break-cut.sql
