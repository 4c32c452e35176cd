#!/bin/sh
# The firewall was disabled for a test: after the next restart it stays away.
# host: store
# check: policies/article5/test_trusted.py::test_the_host_comes_back_by_itself[store]
set -eu
systemctl disable --quiet nftables.service
# undo
systemctl enable --quiet nftables.service
