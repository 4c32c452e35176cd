#!/bin/sh
# To save space, what root's sessions printed is kept for an hour.
# host: store
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[store]
# finding: nobody expects sudo record is cleared by: e /var/log/sudo-io - - - 1h
set -eu
echo 'e /var/log/sudo-io - - - 1h' > /etc/tmpfiles.d/zz-space.conf
# undo
rm /etc/tmpfiles.d/zz-space.conf
