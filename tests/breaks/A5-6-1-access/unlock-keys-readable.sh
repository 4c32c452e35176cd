#!/bin/sh
# A backup account had to read everything, so the unlock keys were opened to all accounts.
# host: vault
set -eu
chmod -R o+rX /var/lib/tang
# undo
chmod -R o-rwx /var/lib/tang
