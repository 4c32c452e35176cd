#!/bin/sh
# A copy of a tool runs with the group that reads the password hashes.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[vault]
# finding: set-user-ID /usr/local/bin/look
set -eu
install --mode=2755 --group=shadow /usr/bin/cat /usr/local/bin/look
# undo
rm /usr/local/bin/look
