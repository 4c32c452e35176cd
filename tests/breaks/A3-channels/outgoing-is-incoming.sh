#!/bin/sh
# What goes out is recorded as if it had come in, so that nobody seems to have sent it.
# host: store
# check: policies/article3/test_channels.py::test_a_message_of_each_channel_is_read_back
set -eu
echo "SELECT pg_get_functiondef('archive.keep_message(text,text,text,text,timestamptz,timestamptz,inet,integer,bytea)'::regprocedure)" | sql > /run/amanat-break-direction.sql
sed 's/client_port, channel, direction, origin, destination, client_ip,$/client_port, channel, '\''in'\'', origin, destination, client_ip,/' /run/amanat-break-direction.sql > /run/amanat-break-direction.new
if cmp -s /run/amanat-break-direction.sql /run/amanat-break-direction.new; then exit 1; fi
sql < /run/amanat-break-direction.new
rm /run/amanat-break-direction.new
# undo
sql < /run/amanat-break-direction.sql
rm /run/amanat-break-direction.sql
