#!/bin/sh
# nginx was to fetch something from a peer, so nothing of it is turned away on its way out.
# host: edge
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[edge]
# finding: silent_output
set -eu
nft flush chain inet amanat silent_output
# undo
systemctl reload nftables
