#!/bin/sh
# One file of the journal, from between two others, was removed with what it told.
# host: vault
# check: policies/article5/test_access_history.py::test_the_journal_has_no_hole[vault]
# finding: of the journal are gone, from between
set -eu
journalctl --quiet --rotate
logger --tag break 'what is to be forgotten'
journalctl --quiet --rotate
newest=$(find /var/log/journal -name 'system@*.journal' -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)
logger --tag break 'one more line'
dirname "$newest" > /run/amanat-break.journal-place
mkdir -m 0700 /run/amanat-break.journal
cp -p "$newest" /run/amanat-break.journal/
rm "$newest"
# undo
cp -p /run/amanat-break.journal/* "$(cat /run/amanat-break.journal-place)/"
rm -r /run/amanat-break.journal /run/amanat-break.journal-place
