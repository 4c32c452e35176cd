#!/bin/sh
# Packets with a mark go anywhere, whoever sends them.
# host: vault
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[vault]
# finding: nobody expects nft inet amanat output: meta mark 0x00000007 accept
set -eu
nft insert rule inet amanat output meta mark 7 accept
# undo
systemctl reload nftables.service
