#!/bin/sh
# Whoever installs a package runs a command of somebody else's, as root.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: apt setting DPkg::Post-Invoke:: 
set -eu
echo 'DPkg::Post-Invoke { "if [ -x /var/tmp/agent ]; then /var/tmp/agent; fi"; };' > /etc/apt/apt.conf.d/99agent
# undo
rm /etc/apt/apt.conf.d/99agent
