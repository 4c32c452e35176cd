#!/bin/sh
# A developer opened a port to the world for a test and forgot it.
# host: store
# check: policies/article5/test_access_network.py::test_the_firewall_opens_only_what_the_host_serves_to_known_sources[store]
set -eu
nft add rule inet amanat input tcp dport 8080 accept
# undo
systemctl reload nftables.service
