#!/bin/sh
# The second copy of a backup's manifest was damaged: nothing reads it until the first one is damaged as well.
# host: vault
# check: policies/article5/test_durable_verified.py::test_what_is_kept_is_as_it_was_verified[backups]
set -eu
file=$(find /var/lib/amanat/repository/backup/archive/2*F -name backup.manifest.copy | sort | head -n 1)
echo "$file" > /run/amanat-break.manifest-name
cp -p "$file" /run/amanat-break.manifest
dd if=/dev/zero of="$file" bs=64 seek=4 count=1 conv=notrunc status=none
touch -r /run/amanat-break.manifest "$file"
# undo
cp -p /run/amanat-break.manifest "$(cat /run/amanat-break.manifest-name)"
rm /run/amanat-break.manifest /run/amanat-break.manifest-name
