#!/bin/sh
# A developer wanted production data on a laptop, and the writer's certificate was at hand.
# host: vault
# check: policies/article5/test_access_backup.py::test_backups_are_handed_to_those_meant_only
set -eu
cp -p /etc/pgbackrest/pgbackrest.conf /run/amanat-break.conf
sed -i 's/^tls-server-auth=drill=archive$/&\ntls-server-auth=archive_writer=archive/' /etc/pgbackrest/pgbackrest.conf
systemctl restart pgbackrest.service
# undo
cp -p /run/amanat-break.conf /etc/pgbackrest/pgbackrest.conf
rm /run/amanat-break.conf
systemctl restart pgbackrest.service
