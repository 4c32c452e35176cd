#!/bin/sh
# On the vault somebody wrote another line into the repository's settings.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_is_as_the_converge_left_it[vault]
# finding: content of /etc/pgbackrest/pgbackrest.conf is 
set -eu
cp -p /etc/pgbackrest/pgbackrest.conf /run/kept.conf
echo '# repo1-retention-full=1' >> /etc/pgbackrest/pgbackrest.conf
# undo
cp -p /run/kept.conf /etc/pgbackrest/pgbackrest.conf
rm /run/kept.conf
systemctl restart pgbackrest.service
