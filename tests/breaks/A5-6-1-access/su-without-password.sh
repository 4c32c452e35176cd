#!/bin/sh
# An administrator was tired of passwords: su asks nobody for one.
# host: store
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[store]
# finding: pam su line 01 is auth sufficient pam_permit.so
set -eu
cp -p /etc/pam.d/su /run/amanat-break.su
sed -i '0,/^auth/s/^auth/auth sufficient pam_permit.so\nauth/' /etc/pam.d/su
# undo
mv /run/amanat-break.su /etc/pam.d/su
