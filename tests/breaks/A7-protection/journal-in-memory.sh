#!/bin/sh
# From its next start on the journal is kept in memory alone, and a restart leaves nothing of what happened.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[vault]
# finding: journald.conf Journal: Storage
set -eu
mkdir -p /run/systemd/journald.conf.d
printf '[Journal]\nStorage=volatile\n' > /run/systemd/journald.conf.d/zz-small.conf
# undo
rm -r /run/systemd/journald.conf.d
