#!/bin/sh
# Somebody who was at the console left a program running that belongs to no service.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[vault]
# finding: process of no unit: root /usr/bin/sleep
set -eu
setsid sleep infinity > /dev/null 2>&1 &
echo $! > /var/lib/misc/left.pid
# undo
kill "$(cat /var/lib/misc/left.pid)"
rm /var/lib/misc/left.pid
