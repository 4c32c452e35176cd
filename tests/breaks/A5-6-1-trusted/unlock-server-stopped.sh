#!/bin/sh
# The unlock server was stopped for a look at it: after its next restart the store would wait for ever.
# host: vault
# check: policies/article5/test_trusted.py::test_what_the_host_is_for_runs[vault]
set -eu
systemctl stop --quiet tangd.socket
# undo
systemctl start tangd.socket
