#!/bin/sh
# Nobody had time for the drill, so its line was written by hand.
# host: vault
# check: policies/article5/test_durable_drill.py::test_the_drill_on_record_was_signed
# finding: the vault's record is not of the newest signed drill
set -eu
cp -p /var/lib/amanat/drills/drills.jsonl /root/drill-by-hand.kept
tail -n 1 /root/drill-by-hand.kept | sed "s/\"at\": \"[^\"]*\"/\"at\": \"$(date --utc +%Y-%m-%dT%H:%M:%S+00:00)\"/; s/\"records\": /\"records\": 1/" \
    >> /var/lib/amanat/drills/drills.jsonl
# undo
cp -p /root/drill-by-hand.kept /var/lib/amanat/drills/drills.jsonl
rm /root/drill-by-hand.kept
