#!/bin/sh
# The volume once filled up with waiting WAL; from now on what is too much is thrown away.
# host: store
# check: policies/article5/test_durable_backup.py::test_no_wal_is_dropped
set -eu
cp -p /etc/pgbackrest/pgbackrest.conf /run/amanat-break.conf
sed -i 's/^archive-async=y$/&\narchive-push-queue-max=256MB/' /etc/pgbackrest/pgbackrest.conf
# undo
cp -p /run/amanat-break.conf /etc/pgbackrest/pgbackrest.conf
rm /run/amanat-break.conf
systemctl restart pgbackrest.service
