#!/bin/sh
# The firewall was taken down to find out why something did not connect.
# host: store
# check: policies/article5/test_access_network.py::test_the_firewall_drops_what_no_rule_names[store-input]
set -eu
systemctl stop nftables.service
nft delete table inet amanat 2> /dev/null || true
# undo
systemctl start nftables.service
