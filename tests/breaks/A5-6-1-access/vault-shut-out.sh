#!/bin/sh
# While he looked for a fault an engineer shut the vault out, which fetches the backups here, and forgot it.
# host: store
# check: policies/article5/test_access_network.py::test_each_port_is_open_to_those_who_need_it[store]
set -eu
handle=$(nft --handle list chain inet amanat input | sed -n 's/.*dport 8433 .*# handle //p')
nft delete rule inet amanat input handle "$handle"
# undo
systemctl reload nftables.service
