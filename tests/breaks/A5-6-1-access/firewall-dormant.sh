#!/bin/sh
# The firewall's table was put to sleep by its flag: every chain and rule is listed as before, and none acts, so nginx's accounts may call anybody.
# host: edge
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[edge]
set -eu
nft 'add table inet amanat { flags dormant; }'
nft --terse list table inet amanat | grep -q 'flags dormant'
# undo
nft 'add table inet amanat { }'
systemctl reload nftables
