#!/bin/sh
# An administrator wanted old backups gone and worked on the store; the vault's server was let do it.
# host: vault
# check: policies/article5/test_access_backup.py::test_the_stores_account_may_not_expire_backups
set -eu
unit=/etc/systemd/system/pgbackrest.service.d/amanat.conf
cp -p $unit /run/amanat-break.unit
sed -i '/PGBACKREST_LOCK_PATH/d' $unit
systemctl daemon-reload
systemctl restart pgbackrest.service
# undo
unit=/etc/systemd/system/pgbackrest.service.d/amanat.conf
cp -p /run/amanat-break.unit $unit
rm /run/amanat-break.unit
systemctl daemon-reload
systemctl restart pgbackrest.service
