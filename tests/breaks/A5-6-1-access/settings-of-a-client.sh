#!/bin/sh
# Whoever works as postgres runs lines of a hidden file of the account's home.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects /var/lib/postgresql/.psqlrc
set -eu
echo '\set QUIET 1' > /var/lib/postgresql/.psqlrc
# undo
rm /var/lib/postgresql/.psqlrc
