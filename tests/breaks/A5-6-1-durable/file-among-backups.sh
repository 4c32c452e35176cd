#!/bin/sh
# A file of somebody's own lies in pgBackRest's repository.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[vault]
# finding: nobody expects /var/lib/amanat/repository/backup/archive/before-the-move.tar: file 0640 pgbackrest pgbackrest
set -eu
install -o pgbackrest -g pgbackrest -m 0640 /etc/hostname /var/lib/amanat/repository/backup/archive/before-the-move.tar
# undo
rm /var/lib/amanat/repository/backup/archive/before-the-move.tar
