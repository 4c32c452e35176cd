#!/bin/sh
# What goes to one network takes a way that somebody set by hand.
# host: vault
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[vault]
# finding: nobody expects route 198.51.100.128/25 via
set -eu
ip route add 198.51.100.128/25 via "$(ip -4 route show default | awk '{ print $3 }')"
# undo
ip route delete 198.51.100.128/25
