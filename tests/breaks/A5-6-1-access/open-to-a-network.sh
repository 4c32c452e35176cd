#!/bin/sh
# An engineer let the office's network in, every port of it: a copied disk opens there, too.
# host: vault
# check: policies/article5/test_access_at_rest.py::test_the_store_alone_may_ask_for_help
set -eu
nft insert rule inet amanat input ip saddr 172.16.0.0/12 accept
# undo
systemctl reload nftables.service
