#!/bin/sh
# A segment of WAL lay in a file system that was repaired, and came back with a hole.
# host: vault
# check: policies/article5/test_durable_verified.py::test_what_is_kept_is_as_it_was_verified[backups]
set -eu
cd /var/lib/amanat/repository/archive/archive
file=$(find . -type f -name '*.zst' | sort | head -n 1)
echo "$file" > /run/amanat-break.wal-name
cp -p "$file" /run/amanat-break.wal
dd if=/dev/zero of="$file" bs=64 seek=1 count=1 conv=notrunc status=none
touch -r /run/amanat-break.wal "$file"
# undo
cd /var/lib/amanat/repository/archive/archive
cp -p /run/amanat-break.wal "$(cat /run/amanat-break.wal-name)"
rm /run/amanat-break.wal /run/amanat-break.wal-name
