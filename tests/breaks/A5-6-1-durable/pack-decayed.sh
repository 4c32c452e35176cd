#!/bin/sh
# One byte of a host's copies on the vault became another; the times of the file say nothing of it.
# host: vault
# check: policies/article5/test_durable_verified.py::test_what_is_kept_is_as_it_was_verified[copies]
set -eu
file=$(find /var/lib/amanat/copies/*/data -type f -printf '%s %p\n' | sort -rn | head -n 1 | cut -d' ' -f2-)
echo "$file" > /run/amanat-break.pack-name
cp -p "$file" /run/amanat-break.pack
chmod u+w "$file"
printf '\377\000\377\000' | dd of="$file" bs=1 seek=1000 conv=notrunc status=none
chmod --reference=/run/amanat-break.pack "$file"
touch -r /run/amanat-break.pack "$file"
# undo
cp -p /run/amanat-break.pack "$(cat /run/amanat-break.pack-name)"
rm /run/amanat-break.pack /run/amanat-break.pack-name
