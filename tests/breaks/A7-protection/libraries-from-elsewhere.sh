#!/bin/sh
# Libraries are looked for in a directory that no package owns before they are looked for in the system's.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[vault]
# finding: loader: directory /opt/agent/lib
set -eu
echo /opt/agent/lib > /etc/ld.so.conf.d/00-agent.conf
# undo
rm /etc/ld.so.conf.d/00-agent.conf
