#!/bin/sh
# Connections are counted at 443 only.
# host: edge
# check: policies/article7/test_site_limits.py::test_nobody_holds_every_connection[http]
set -eu
nft flush chain inet amanat public_input
nft 'add rule inet amanat public_input tcp dport 443 ct state new add @public_callers { ip saddr ct count over 200 } reject with tcp reset'
# undo
systemctl reload nftables
