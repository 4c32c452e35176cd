#!/bin/sh
# A group has a password: who knows it is a member, and no list of members shows them.
# host: vault
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[vault]
# finding: nobody expects group shadow password
set -eu
sed -i 's/^shadow:[^:]*:/shadow:$6$salt$notahashofanything:/' /etc/gshadow
# undo
sed -i 's/^shadow:[^:]*:/shadow:*:/' /etc/gshadow
