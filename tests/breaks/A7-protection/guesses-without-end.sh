#!/bin/sh
# Locked accounts were a nuisance: wrong passwords are counted no more.
# host: store
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[store]
# finding: security faillock.conf line 03 is deny = 0
set -eu
cp -p /etc/security/faillock.conf /run/amanat-break.faillock
sed -i 's/^deny = .*/deny = 0/' /etc/security/faillock.conf
# undo
mv /run/amanat-break.faillock /etc/security/faillock.conf
