#!/bin/sh
# A load test was to open as many connections as it liked.
# host: edge
# check: policies/article7/test_site_limits.py::test_nobody_holds_every_connection[https]
set -eu
nft flush chain inet amanat public_input
# undo
systemctl reload nftables
