#!/bin/sh
# A developer opened a port to the world for a test and forgot it.
# host: store
set -eu
nft add rule inet amanat input tcp dport 8080 accept
# undo
systemctl reload nftables.service
