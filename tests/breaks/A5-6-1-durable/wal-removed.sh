#!/bin/sh
# Old WAL was cleared away on the vault, and a segment that is needed went with it.
# host: vault
# check: policies/article5/test_durable_backup.py::test_wal_has_no_gap
set -eu
cd /var/lib/amanat/repository/archive/archive
# From the newest backup on at least two come before the newest.
lost=$(find . -type f -name '*.zst' | sort | tail -n 2 | head -n 1)
mv "$lost" /run/amanat-break.segment
echo "$lost" > /run/amanat-break.name
# undo
cd /var/lib/amanat/repository/archive/archive
mv /run/amanat-break.segment "$(cat /run/amanat-break.name)"
rm /run/amanat-break.name
