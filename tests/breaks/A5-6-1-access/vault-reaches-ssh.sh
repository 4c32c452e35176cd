#!/bin/sh
# For a quick copy the vault was let in to the store's SSH.
# host: store
# check: policies/article5/test_access_reach.py::test_nothing_else_gets_through_from_another_machine[store]
# finding: connections that the firewall has to drop
set -eu
nft insert rule inet amanat input ip saddr "$(getent ahostsv4 vault | sed -n '1s/ .*//p')" tcp dport 22 accept
# undo
systemctl reload nftables.service
