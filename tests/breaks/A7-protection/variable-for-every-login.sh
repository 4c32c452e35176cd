#!/bin/sh
# An administrator set a variable for every login, and so for every command of the kit.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects /etc/profile.d/zz-history.sh
set -eu
echo 'export HISTSIZE=100000' > /etc/profile.d/zz-history.sh
# undo
rm /etc/profile.d/zz-history.sh
