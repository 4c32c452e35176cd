#!/bin/sh
# What was logged until now was thrown away to make room: an outage that began a minute ago has lost it.
# host: store
# check: policies/article5/test_access_log_elsewhere.py::test_the_journal_outlives_an_outage[store]
# finding: hours only; what was before is thrown away
set -eu
journalctl --quiet --rotate
mkdir -m 0700 /run/amanat-break.cut
cp -p /var/log/journal/*/*@*.journal* /run/amanat-break.cut/
rm /var/log/journal/*/*@*.journal*
logger --tag break 'one more line'
# undo
cp -p /run/amanat-break.cut/* /var/log/journal/*/
rm -r /run/amanat-break.cut
