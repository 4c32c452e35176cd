#!/bin/sh
# A program runs on after its file was removed.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: of no package, and deleted
set -eu
cp /usr/bin/sleep /var/lib/misc/helper
/var/lib/misc/helper infinity > /dev/null 2>&1 &
echo $! > /var/lib/misc/helper.pid
until test "$(readlink /proc/$!/exe)" = /var/lib/misc/helper; do kill -0 $!; done
rm /var/lib/misc/helper
# undo
kill "$(cat /var/lib/misc/helper.pid)"
rm /var/lib/misc/helper.pid
