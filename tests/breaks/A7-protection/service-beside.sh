#!/bin/sh
# Somebody found the vault idle and had it count for a stranger.
# host: vault
# check: policies/article7/test_hardening.py::test_nothing_runs_that_the_host_is_not_for
set -eu
systemd-run --quiet --unit=counting /usr/bin/sleep infinity
# undo
systemctl stop counting.service
