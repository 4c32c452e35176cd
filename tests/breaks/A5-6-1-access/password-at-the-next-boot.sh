#!/bin/sh
# A rescue image left a password for root where the service manager looks for one at boot.
# host: store
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[store]
# finding: nobody expects trust file /etc/credstore/passwd.hashed-password.root
set -eu
install -d -m 0700 /etc/credstore
echo '$6$salt$notahashofanything' > /etc/credstore/passwd.hashed-password.root
chmod 0600 /etc/credstore/passwd.hashed-password.root
# undo
rm /etc/credstore/passwd.hashed-password.root
