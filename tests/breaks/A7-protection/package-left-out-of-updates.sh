#!/bin/sh
# One library had broken something once, so it gets no security updates any more.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: Unattended-Upgrade::Package-Blacklist::
set -eu
echo 'Unattended-Upgrade::Package-Blacklist { "libssl3t64"; };' > /etc/apt/apt.conf.d/60keep
# undo
rm /etc/apt/apt.conf.d/60keep
