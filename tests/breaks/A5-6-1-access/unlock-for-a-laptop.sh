#!/bin/sh
# An engineer let his own machine ask the vault for help, to open a copied disk at his desk.
# host: vault
set -eu
nft insert rule inet amanat input ip saddr 192.0.2.7 tcp dport 7500 accept
# undo
systemctl reload nftables.service
