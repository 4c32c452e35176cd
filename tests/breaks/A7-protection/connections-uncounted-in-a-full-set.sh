#!/bin/sh
# The set in which callers' connections are counted was filled with addresses that never call: a caller who finds no place in it isn't counted, and may hold every connection of the site.
# host: edge
# check: policies/article7/test_site_limits.py::test_nobody_holds_every_connection[https]
set -eu
i=0
while [ "$i" -lt 256 ]; do
  some=$(awk -v i="$i" 'BEGIN { for (j = 0; j < 256; j++) printf "240.0.%d.%d, ", i, j }')
  nft "add element inet amanat public_callers { $some }" || break
  i=$((i + 1))
done
[ "$i" -ge 255 ]
# The few places that were taken by those who called just now become free a little later.
next=0
rounds=0
while [ "$rounds" -lt 4 ]; do
  while nft "add element inet amanat public_callers { 240.1.$((next / 256)).$((next % 256)) }" 2>/dev/null; do
    next=$((next + 1))
    [ "$next" -lt 2048 ]
  done
  rounds=$((rounds + 1))
  sleep 2
done
# undo
nft flush set inet amanat public_callers
