#!/bin/sh
# An engineer let a colleague's laptop at the database, the firewall's own way.
# host: store
# check: policies/article5/test_access_network.py::test_each_port_is_open_to_those_who_need_it[store]
set -eu
nft insert rule inet amanat input ip saddr 203.0.113.7 tcp dport 5432 accept
# undo
systemctl reload nftables.service
