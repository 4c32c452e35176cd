#!/bin/sh
# A rule has the daily cleaning of temporary files open a directory that is closed.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[vault]
# finding: hook /run/tmpfiles.d/open.conf
set -eu
mkdir -p /run/tmpfiles.d
echo 'z /etc/amanat 0777 root root' > /run/tmpfiles.d/open.conf
# undo
rm -r /run/tmpfiles.d
