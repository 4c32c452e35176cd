#!/bin/sh
# To hide what was done until now, the journal was rotated, and all but the files in use was removed.
# host: store
# check: policies/article5/test_access_history.py::test_the_journal_has_no_hole[store]
# finding: of the journal are gone, from before
set -eu
journalctl --quiet --rotate
mkdir -m 0700 /run/amanat-break.journal
cp -p /var/log/journal/*/*@*.journal* /run/amanat-break.journal/
rm /var/log/journal/*/*@*.journal*
logger --tag break 'one more line'
# undo
cp -p /run/amanat-break.journal/* /var/log/journal/*/
rm -r /run/amanat-break.journal
