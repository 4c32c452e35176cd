#!/bin/sh
# The file that journald writes to was removed: it writes on, where nobody reads.
# host: store
# check: policies/article5/test_access_history.py::test_the_journal_has_no_hole[store]
set -eu
ln /var/log/journal/*/system.journal /var/log/journal/amanat-break
rm /var/log/journal/*/system.journal
logger --tag break 'a line that nobody sees'
# undo
mv /var/log/journal/amanat-break "/var/log/journal/$(cat /etc/machine-id)/system.journal"
