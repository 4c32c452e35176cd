#!/bin/sh
# Channels are compared by their beginning, so that a misspelt one is kept.
# host: store
# check: policies/article3/test_channels.py::test_a_channel_outside_the_list_is_refused
# finding: smss
set -eu
echo "SELECT pg_get_functiondef('archive.keep_message(text,text,text,text,timestamptz,timestamptz,inet,integer,bytea)'::regprocedure)" | sql > /run/amanat-break-channels.sql
sed 's/channel = ANY (open_channels())/left(channel, 3) = ANY (open_channels())/' /run/amanat-break-channels.sql > /run/amanat-break-channels.new
if cmp -s /run/amanat-break-channels.sql /run/amanat-break-channels.new; then exit 1; fi
sql < /run/amanat-break-channels.new
rm /run/amanat-break-channels.new
# undo
sql < /run/amanat-break-channels.sql
rm /run/amanat-break-channels.sql
