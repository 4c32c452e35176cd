#!/bin/sh
# nginx was started with the right to packet sockets, which pass by the firewall, from a drop-in that is gone again: its account can send whatever it likes to whomever is on the network.
# host: edge
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[edge]
set -eu
umask 022
bounds=$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/1/status)
[ $(((0x$bounds >> 13) & 1)) = 1 ]
start_with amanat-nginx <<EOF
AmbientCapabilities=CAP_NET_RAW
CapabilityBoundingSet=CAP_NET_RAW
RestrictAddressFamilies=AF_PACKET
EOF
main=$(systemctl show --value --property=MainPID amanat-nginx)
has=$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$main/status")
[ $(((0x$has >> 13) & 1)) = 1 ]
# undo
systemctl restart amanat-nginx
