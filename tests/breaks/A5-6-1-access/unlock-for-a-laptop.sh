#!/bin/sh
# An engineer let his own machine ask the vault for help, to open a copied disk at his desk.
# host: vault
# check: policies/article5/test_access_at_rest.py::test_the_store_alone_may_ask_for_help
set -eu
nft insert rule inet amanat input ip saddr 192.0.2.7 tcp dport 7500 accept
# undo
systemctl reload nftables.service
