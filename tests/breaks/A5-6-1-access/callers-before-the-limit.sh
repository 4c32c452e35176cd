#!/bin/sh
# The rule for the controller was moved before the limit on calls, and before what drops forged senders.
# host: vault
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[vault]
# finding: after 0 of those that act, not after 6 of those that act
set -eu
rule=$(nft list chain inet amanat input | sed -n 's/^\t*\(ip saddr .*comment "ssh"\)$/\1/p')
nft insert rule inet amanat input "$rule"
# undo
systemctl reload nftables.service
