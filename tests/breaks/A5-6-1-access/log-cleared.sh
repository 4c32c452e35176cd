#!/bin/sh
# A job keeps the journal small: every few seconds it clears what is old, and takes all of it for old.
# host: store
# check: policies/article5/test_access_log_kept.py::test_they_are_still_there_as_the_audit_ends
# finding: lines that were logged are gone
set -eu
systemd-run --quiet --unit=amanat-break-journal sh -c \
    'while sleep 4; do journalctl --quiet --rotate; journalctl --quiet --vacuum-time=1s; done'
# undo
systemctl stop amanat-break-journal.service
