#!/bin/sh
# The key of a vendor signs for every source that names no key of its own.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[vault]
# finding: package key 
set -eu
for key in /etc/apt/trusted.gpg.d/debian-archive-*-stable.asc; do cp "$key" /etc/apt/trusted.gpg.d/vendor.asc; done
# undo
rm /etc/apt/trusted.gpg.d/vendor.asc
