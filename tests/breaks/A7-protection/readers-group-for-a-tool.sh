#!/bin/sh
# A copy of a tool runs with the group that reads the password hashes.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[vault]
# finding: nobody expects /usr/local/bin/look: file 2755 root shadow
set -eu
install --mode=2755 --group=shadow /usr/bin/cat /usr/local/bin/look
# undo
rm /usr/local/bin/look
