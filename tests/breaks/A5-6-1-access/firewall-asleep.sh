#!/bin/sh
# The firewall's table is there, every rule of it, and asleep.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[store]
# finding: nft inet amanat is flags dormant
set -eu
nft add table inet amanat '{ flags dormant; }'
# undo
systemctl reload nftables.service
