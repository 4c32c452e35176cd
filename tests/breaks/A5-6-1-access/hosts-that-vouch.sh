#!/bin/sh
# A cluster's tool named hosts that vouch for their users.
# host: vault
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[vault]
# finding: nobody expects trust file /etc/ssh/shosts.equiv
set -eu
echo store > /etc/ssh/shosts.equiv
# undo
rm /etc/ssh/shosts.equiv
