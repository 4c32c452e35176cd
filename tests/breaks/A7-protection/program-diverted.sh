#!/bin/sh
# Updates of a program go to another path from now on, and the old file stays in use.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: local diversion of /usr/bin/passwd
set -eu
dpkg-divert --local --no-rename --divert /usr/bin/passwd.distrib --add /usr/bin/passwd > /dev/null
# undo
dpkg-divert --local --no-rename --remove /usr/bin/passwd > /dev/null
