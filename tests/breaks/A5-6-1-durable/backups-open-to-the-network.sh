#!/bin/sh
# A unit was rewritten from a guide of pgBackRest's: its server may write the whole repository.
# host: vault
# check: policies/article5/test_access_backup.py::test_the_network_reaches_no_backup_to_change
set -eu
unit=/etc/systemd/system/pgbackrest.service.d/amanat.conf
cp -p $unit /run/amanat-break.unit
sed -i 's|^ReadWritePaths=.*|ReadWritePaths=/var/lib/amanat/repository|' $unit
systemctl daemon-reload
systemctl restart pgbackrest.service
# undo
unit=/etc/systemd/system/pgbackrest.service.d/amanat.conf
cp -p /run/amanat-break.unit $unit
rm /run/amanat-break.unit
systemctl daemon-reload
systemctl restart pgbackrest.service
