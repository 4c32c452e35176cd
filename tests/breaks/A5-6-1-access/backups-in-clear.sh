#!/bin/sh
# An administrator keeps an unencrypted copy of WAL where it is easy to get at.
# host: vault
# check: policies/article5/test_access_backup.py::test_the_repositorys_files_are_closed
set -eu
where=/var/lib/amanat/repository/archive/archive/17-1
head -c 65536 /usr/bin/pgbackrest > "$where/log.copy"
chmod 0644 "$where/log.copy"
# undo
rm /var/lib/amanat/repository/archive/archive/17-1/log.copy
