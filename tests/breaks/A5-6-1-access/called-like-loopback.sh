#!/bin/sh
# An interface to another network is called almost like loopback.
# host: vault
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[vault]
# finding: nobody expects interface lo0evil
# finding: nobody expects address 198.51.100.7/24 of lo0evil
set -eu
ip link add lo0evil type veth peer name lo1evil
ip address add 198.51.100.7/24 dev lo0evil
ip link set lo0evil up
# undo
ip link delete lo0evil
