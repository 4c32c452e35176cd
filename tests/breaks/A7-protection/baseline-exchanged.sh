#!/bin/sh
# The baseline of files was exchanged for another, of which no ledger tells.
# host: vault
# check: policies/article5/test_access_history.py::test_every_key_and_journal_is_the_converges[vault]
# finding: : in no ledger
set -eu
cp -p /var/lib/aide/amanat.db /run/amanat-break.aide-db
sed -i '/ssh/d' /var/lib/aide/amanat.db
# undo
cp -p /run/amanat-break.aide-db /var/lib/aide/amanat.db
rm /run/amanat-break.aide-db
