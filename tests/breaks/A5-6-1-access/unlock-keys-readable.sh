#!/bin/sh
# A backup account had to read everything, so the unlock keys were opened to all accounts.
# host: vault
# check: policies/article5/test_access_at_rest.py::test_only_their_server_reads_the_unlock_keys
set -eu
chmod -R o+rX /var/lib/tang
# undo
chmod -R o-rwx /var/lib/tang
