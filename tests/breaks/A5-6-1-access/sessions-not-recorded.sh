#!/bin/sh
# What an administrator does as root filled the disk, so it is recorded no more.
# host: vault
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[vault]
# finding: sudo default for deploy: !log_output
set -eu
echo 'Defaults:deploy !log_output' > /etc/sudoers.d/zz-quiet
chmod 0440 /etc/sudoers.d/zz-quiet
# undo
rm /etc/sudoers.d/zz-quiet
