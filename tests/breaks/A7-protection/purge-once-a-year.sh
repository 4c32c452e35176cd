#!/bin/sh
# The purge is still there, its timer runs, and it comes on New Year's Day.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known
# finding: amanat-archive-purge.timer
set -eu
mkdir -p /etc/systemd/system/amanat-archive-purge.timer.d
printf '[Timer]\nOnActiveSec=\nOnCalendar=\nOnCalendar=yearly\n' > /etc/systemd/system/amanat-archive-purge.timer.d/often.conf
systemctl daemon-reload
# undo
rm -r /etc/systemd/system/amanat-archive-purge.timer.d
systemctl daemon-reload
