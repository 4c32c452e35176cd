#!/bin/sh
# Somebody took the second copy of the repository's record of backups for a leftover.
# host: vault
# check: policies/article5/test_durable_verified.py::test_what_is_kept_is_as_it_was_verified[backups]
set -eu
mv /var/lib/amanat/repository/backup/archive/backup.info.copy /run/amanat-break.info
# undo
mv /run/amanat-break.info /var/lib/amanat/repository/backup/archive/backup.info.copy
