#!/bin/sh
# What one account has called for by sudo lies in a file of its own in the journal, which was removed.
# host: vault
# check: policies/article5/test_access_history.py::test_the_journal_has_no_hole[vault]
set -eu
journalctl --quiet --rotate
mkdir -m 0700 /run/amanat-break.account
cp -p /var/log/journal/*/user-[0-9]*@*.journal* /run/amanat-break.account/
rm /var/log/journal/*/user-[0-9]*@*.journal*
# undo
cp -p /run/amanat-break.account/* /var/log/journal/*/
rm -r /run/amanat-break.account
