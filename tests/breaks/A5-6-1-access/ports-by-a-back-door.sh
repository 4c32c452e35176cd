#!/bin/sh
# A table beside the firewall's turns calls of another port to the database.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[store]
# finding: nobody expects nft ip sidedoor prerouting: tcp dport 8443 redirect to :5432
set -eu
nft add table ip sidedoor
nft add chain ip sidedoor prerouting '{ type nat hook prerouting priority dstnat; }'
nft add rule ip sidedoor prerouting tcp dport 8443 redirect to :5432
# undo
nft delete table ip sidedoor
