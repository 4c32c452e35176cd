#!/bin/sh
# The set of callers was given elements with a limit of packets in place of the count of connections, so these addresses (of the stack's machines and of the gateway) may hold every connection of the site, while each rule is as before.
# host: edge
# check: policies/article7/test_site_limits.py::test_nobody_holds_every_connection[https]
set -eu
favoured=$({
  for name in @logs@ @store@ @vault@; do getent ahostsv4 "$name" || true; done
  ip -4 route show default | sed -n 's/^default via \([0-9.]*\) .*/\1 gateway/p'
} | awk '$1 ~ /^[0-9.]+$/ { print $1 }' | sort -u)
[ -n "$favoured" ]
{
  echo 'flush set inet amanat public_callers'
  for address in $favoured; do
    echo "add element inet amanat public_callers { $address limit rate over 100000/second burst 100000 packets }"
  done
} | nft -f -
nft list set inet amanat public_callers | grep -q 'limit rate over 100000/second'
# undo
nft flush set inet amanat public_callers
