#!/bin/sh
# Updates leave a directory out, so that what lies in it stays as it is.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[vault]
# finding: dpkg setting path-exclude=/usr/lib/x86_64-linux-gnu/security/*
set -eu
echo 'path-exclude=/usr/lib/x86_64-linux-gnu/security/*' > /etc/dpkg/dpkg.cfg.d/keep
# undo
rm /etc/dpkg/dpkg.cfg.d/keep
