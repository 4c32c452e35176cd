#!/bin/sh
# Something old was to fetch backups and knew no TLS 1.3.
# host: vault
# check: policies/article5/test_access_backup.py::test_a_server_of_backups_speaks_no_old_tls[vault]
set -eu
cp -p /etc/pgbackrest/openssl.cnf /run/amanat-break.cnf
sed -i 's/^MinProtocol = .*/MinProtocol = TLSv1.2/' /etc/pgbackrest/openssl.cnf
systemctl restart pgbackrest.service
# undo
cp -p /run/amanat-break.cnf /etc/pgbackrest/openssl.cnf
rm /run/amanat-break.cnf
systemctl restart pgbackrest.service
