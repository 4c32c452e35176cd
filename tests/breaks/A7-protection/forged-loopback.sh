#!/bin/sh
# A rule that never counted anything was cleaned away.
# host: store
# check: policies/article7/test_hardening.py::test_nothing_from_outside_passes_for_the_host_itself
set -eu
for handle in $(nft --handle list chain inet amanat input | sed -n '/saddr 127/s/.*# handle //p'); do
  nft delete rule inet amanat input handle "$handle"
done
# undo
systemctl reload nftables.service
