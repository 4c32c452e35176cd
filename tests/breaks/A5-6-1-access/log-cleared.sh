#!/bin/sh
# A job keeps the journal small: every few seconds it puts away what is old, and takes all of it for old.
# host: store
# check: policies/article5/test_access_log_kept.py::test_they_are_still_there_as_the_audit_ends
# finding: lines that were logged are gone
set -eu
mkdir -m 0700 /run/amanat-break.put-away
systemd-run --quiet --unit=amanat-break-journal sh -c \
    'while sleep 4; do journalctl --quiet --rotate; mv /var/log/journal/*/*@*.journal* /run/amanat-break.put-away/; done'
# undo
systemctl stop amanat-break-journal.service
cp -p /run/amanat-break.put-away/* /var/log/journal/*/
rm -r /run/amanat-break.put-away
