#!/bin/sh
# A deployment script brought its own chain, which the firewall's jumps to before its own rules.
# host: store
# check: policies/article5/test_access_network.py::test_the_firewall_opens_only_what_the_host_serves_to_known_sources[store]
set -eu
nft add chain inet amanat deployment
nft add rule inet amanat deployment tcp dport 9000 accept
nft insert rule inet amanat input jump deployment
# undo
systemctl reload nftables.service
