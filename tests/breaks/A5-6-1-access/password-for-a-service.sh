#!/bin/sh
# Somebody gave a service's account a password, in a weak hash, and nobody remembers which.
# host: vault
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[vault]
# finding: account backup is uid 34, group backup, home /var/backups, shell /usr/sbin/nologin, password sha512
set -eu
usermod --password '$6$salt$notahashofanything' backup
# undo
usermod --password '*' backup
# usermod dates the change; the account is as old as its neighbour again
chage --lastday "$(getent shadow games | cut --delimiter=: --fields=3)" backup
