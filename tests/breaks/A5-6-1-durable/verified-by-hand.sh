#!/bin/sh
# The record of the last verification was written by hand: today's date, and nothing at fault.
# host: vault
# check: policies/article5/test_durable_verified.py::test_all_that_is_kept_was_verified_lately[backups]
set -eu
record=/var/lib/amanat-backup-verify/verified.json
cp -p $record /run/amanat-break.record
sed -i "s/\"\(began\|whole\)\": [0-9.]*/\"\1\": $(date +%s).0/g; s/\"faults\": \[[^]]*\]/\"faults\": []/" $record
digest=$(sha256sum $record | cut -d' ' -f1)
# Said to the journal as well, as the unit says it; the journal knows who said it.
echo "9 files, 0 faults; record sha256:$digest" | systemd-cat --identifier=backup-verify
# undo
cp -p /run/amanat-break.record /var/lib/amanat-backup-verify/verified.json
rm /run/amanat-break.record
