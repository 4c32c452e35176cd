#!/bin/sh
# Services were restarted at a bad time, so nobody restarts them after an update any more.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[vault]
# finding: amanat-restart-outdated.timer
set -eu
systemctl disable --now amanat-restart-outdated.timer
# undo
systemctl enable --now amanat-restart-outdated.timer
