#!/bin/sh
# The store's copies have failed for two days, and nobody looked.
# host: vault
# check: policies/article5/test_durable_copies.py::test_the_newest_copy_came_in_lately[store]
set -eu
cd /var/lib/amanat/copies/@store@/snapshots
find . -type f -printf '%T@ %p\n' > /run/amanat-break.times
find . -type f -exec touch --date='2 days ago' {} +
# undo
cd /var/lib/amanat/copies/@store@/snapshots
while read -r time path; do touch --date="@$time" "$path"; done < /run/amanat-break.times
rm /run/amanat-break.times
