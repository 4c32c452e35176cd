#!/bin/sh
# A rule of sudo waits for a group that is not there yet: whoever makes it is root.
# host: store
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[store]
# finding: nobody expects sudoers: %helpdesk ALL = (ALL) NOPASSWD: ALL
set -eu
echo '%helpdesk ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/zz-helpdesk
chmod 0440 /etc/sudoers.d/zz-helpdesk
# undo
rm /etc/sudoers.d/zz-helpdesk
