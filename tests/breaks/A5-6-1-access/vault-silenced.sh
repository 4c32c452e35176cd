#!/bin/sh
# A rule that was meant for a stranger shuts out the vault, which then fetches no backup; its silence looks like safety.
# host: store
# check: policies/article5/test_access_reach.py::test_what_other_machines_need_gets_through[store]
# finding: silent
set -eu
nft insert rule inet amanat input ip saddr "$(getent ahostsv4 vault | sed -n '1s/ .*//p')" tcp dport 8433 ct state new drop
# undo
systemctl reload nftables.service
