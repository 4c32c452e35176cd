#!/bin/sh
# A copy was taken off the list of copies by its file; restic itself misses nothing then.
# host: vault
# check: policies/article5/test_durable_verified.py::test_what_is_kept_is_as_it_was_verified[copies]
set -eu
file=$(find /var/lib/amanat/copies/*/snapshots -type f -printf '%T@ %p\n' | sort -n | head -n 1 | cut -d' ' -f2-)
echo "$file" > /run/amanat-break.snapshot-name
mv "$file" /run/amanat-break.snapshot
# undo
mv /run/amanat-break.snapshot "$(cat /run/amanat-break.snapshot-name)"
rm /run/amanat-break.snapshot-name
