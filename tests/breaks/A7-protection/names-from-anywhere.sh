#!/bin/sh
# Names were slow one day, so everybody may ask any server.
# host: store
# check: policies/article7/test_hardening.py::test_no_service_finds_a_way_out
set -eu
nft insert rule inet amanat output udp dport 53 accept
# undo
systemctl reload nftables.service
