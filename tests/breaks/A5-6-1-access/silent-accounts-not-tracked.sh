#!/bin/sh
# A table of its own, as a guide to a faster nginx had it, takes what the silent accounts send from high ports out of the tracking of connections: it is never "new", so their chain lets it pass, to this machine's services and, without an answer, to the peers.
# host: edge
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[edge]
set -eu
nft -f - <<EOF
table inet no_track {
  chain output {
    type filter hook output priority raw; policy accept;
    meta skuid { nginx, nginx-log } meta l4proto { tcp, udp } th sport >= 1024 notrack
  }
}
EOF
# undo
nft delete table inet no_track
