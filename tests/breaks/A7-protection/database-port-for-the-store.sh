#!/bin/sh
# A port was opened to the store for a database that nobody installed in the end.
# host: vault
# check: policies/article5/test_access_reach.py::test_nothing_else_gets_through_from_another_machine[vault]
# finding: connections that the firewall has to drop
set -eu
nft insert rule inet amanat input ip saddr "$(getent ahostsv4 store | sed -n '1s/ .*//p')" tcp dport 3306 accept
# undo
systemctl reload nftables.service
