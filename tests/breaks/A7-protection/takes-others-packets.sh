#!/bin/sh
# The machine takes packets that are meant for others.
# host: vault
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[vault]
# finding: interface uplink is ether up broadcast multicast promisc
set -eu
ip link set "$(ip -4 route show default | awk '{ print $5 }')" promisc on
# undo
ip link set "$(ip -4 route show default | awk '{ print $5 }')" promisc off
