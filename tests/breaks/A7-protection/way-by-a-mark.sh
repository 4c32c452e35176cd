#!/bin/sh
# Marked packets go by a table of routes of their own.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[store]
# finding: nobody expects rule 77: from all fwmark 0x7 lookup 77
set -eu
ip rule add priority 77 fwmark 7 lookup 77
# undo
ip rule delete priority 77
