#!/bin/sh
# The directory of the copies was opened to every account.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[vault]
# finding: /var/lib/amanat/copies is directory 0755 restic-rest-server restic-rest-server
set -eu
chmod 0755 /var/lib/amanat/copies
# undo
chmod 0700 /var/lib/amanat/copies
