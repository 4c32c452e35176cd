#!/bin/sh
# Room was needed on the vault, and an old pack of copies looked big enough.
# host: vault
# check: policies/article5/test_durable_verified.py::test_what_is_kept_is_as_it_was_verified[copies]
set -eu
file=$(find /var/lib/amanat/copies/*/data -type f -printf '%T@ %p\n' | sort -n | head -n 1 | cut -d' ' -f2-)
echo "$file" > /run/amanat-break.lost-name
mv "$file" /run/amanat-break.lost
# undo
mv /run/amanat-break.lost "$(cat /run/amanat-break.lost-name)"
rm /run/amanat-break.lost-name
