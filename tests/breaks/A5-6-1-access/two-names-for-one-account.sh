#!/bin/sh
# A second name was made for the account that may do everything, so that two people needn't share one.
# host: vault
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[vault]
# finding: nobody expects uid
# finding: nobody expects account deploy2
set -eu
useradd --non-unique --uid "$(id -u deploy)" --gid deploy --no-create-home --home-dir /home/deploy deploy2
# undo
userdel --force deploy2 2> /dev/null || sed -i '/^deploy2:/d' /etc/passwd /etc/shadow /etc/group /etc/gshadow /etc/subuid /etc/subgid
