#!/bin/sh
# One pack of the copies, of hundreds, may be read by every account.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[vault]
# finding: file 0644 restic-rest-server restic-rest-server
set -eu
find /var/lib/amanat/copies/*/data -type f -name '*[0-9a-f]' | sort | head -n 1 > /run/opened-pack
xargs chmod 0644 < /run/opened-pack
# undo
xargs chmod 0600 < /run/opened-pack
rm /run/opened-pack
