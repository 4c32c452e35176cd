#!/bin/sh
# A library that every service loads from its next start on was handed to the service manager.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: manager environment LD_PRELOAD
set -eu
systemctl set-environment LD_PRELOAD=/var/lib/amanat/helper.so
# undo
systemctl unset-environment LD_PRELOAD
