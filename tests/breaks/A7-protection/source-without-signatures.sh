#!/bin/sh
# Packages also come from a source whose signatures nobody checks.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[vault]
# finding: package source deb stable main
set -eu
echo 'deb [trusted=yes] http://packages.example.org/debian stable main' > /etc/apt/sources.list.d/vendor.list
# undo
rm /etc/apt/sources.list.d/vendor.list
