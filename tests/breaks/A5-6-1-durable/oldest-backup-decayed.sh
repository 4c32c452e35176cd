#!/bin/sh
# A disk gave back another bit than it was given, in the oldest backup, whose files nobody had read since.
# host: vault
# check: policies/article5/test_durable_verified.py::test_what_is_kept_is_as_it_was_verified[backups]
set -eu
oldest=$(find /var/lib/amanat/repository/backup/archive -maxdepth 1 -name '2*F' | sort | head -n 1)
file=$(find "$oldest" -type f -printf '%s %p\n' | sort -rn | head -n 1 | cut -d' ' -f2-)
echo "$file" > /run/amanat-break.name
cp -p "$file" /run/amanat-break.copy
at=$(($(stat -c %s "$file") / 2))
printf '\377\000\377\000' | dd of="$file" bs=1 seek=$at conv=notrunc status=none
touch -r /run/amanat-break.copy "$file"
# undo
cp -p /run/amanat-break.copy "$(cat /run/amanat-break.name)"
rm /run/amanat-break.copy /run/amanat-break.name
