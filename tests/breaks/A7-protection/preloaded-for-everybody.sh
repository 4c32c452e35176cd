#!/bin/sh
# Every program that starts loads one library more.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: loader: /etc/ld.so.preload
set -eu
echo libm.so.6 > /etc/ld.so.preload
# undo
rm /etc/ld.so.preload
