#!/bin/sh
# The last restore drill was two months ago.
# host: vault
# check: policies/article5/test_durable_drill.py::test_a_restore_was_drilled_lately
set -eu
cp -p /var/lib/amanat/drills/drills.jsonl /root/drills.kept
sed -i "\$s/\"at\": \"[^\"]*\"/\"at\": \"$(date --utc --date='2 months ago' +%Y-%m-%dT%H:%M:%S+00:00)\"/" \
    /var/lib/amanat/drills/drills.jsonl
# undo
cp -p /root/drills.kept /var/lib/amanat/drills/drills.jsonl
rm /root/drills.kept
