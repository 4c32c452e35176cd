#!/bin/sh
# The hardware address of another machine was set by hand, so that its packets go to whom it shouldn't.
# host: vault
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[vault]
# finding: set by hand: 02:00:00:00:00:66
set -eu
ip neighbour replace "$(ip -4 route show default | awk '{ print $3 }' | sed 's/[0-9]*$/250/')" lladdr 02:00:00:00:00:66 dev "$(ip -4 route show default | awk '{ print $5 }')" nud permanent
# undo
ip neighbour delete "$(ip -4 route show default | awk '{ print $3 }' | sed 's/[0-9]*$/250/')" dev "$(ip -4 route show default | awk '{ print $5 }')"
