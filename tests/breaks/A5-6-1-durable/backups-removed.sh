#!/bin/sh
# The vault's disk looked full, and the biggest directory went.
# host: vault
# check: policies/article5/test_durable_backup.py::test_the_newest_backup_is_young
set -eu
mv /var/lib/amanat/repository/backup/archive /var/lib/amanat/repository-break
mkdir /var/lib/amanat/repository/backup/archive
chown pgbackrest:pgbackrest /var/lib/amanat/repository/backup/archive
# undo
rmdir /var/lib/amanat/repository/backup/archive
mv /var/lib/amanat/repository-break /var/lib/amanat/repository/backup/archive
