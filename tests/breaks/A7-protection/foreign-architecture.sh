#!/bin/sh
# Packages of another architecture may be installed beside the machine's own.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: foreign architecture i386
set -eu
dpkg --add-architecture i386
# undo
dpkg --remove-architecture i386
