#!/bin/sh
# A clock that ran ahead for a day left its mark: the timer waits for years before it makes the next backup.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[vault]
# finding: unit amanat-backup.timer has run
set -eu
test -e /var/lib/systemd/timers/stamp-amanat-backup.timer
touch --date=2099-01-01 /var/lib/systemd/timers/stamp-amanat-backup.timer
# undo
touch /var/lib/systemd/timers/stamp-amanat-backup.timer
