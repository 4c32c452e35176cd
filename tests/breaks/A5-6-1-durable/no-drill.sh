#!/bin/sh
# The last restore drill was two months ago.
# host: vault
set -eu
cp -p /var/lib/amanat/drills/drills.jsonl /root/drills.kept
sed -i "\$s/\"at\": \"[^\"]*\"/\"at\": \"$(date --utc --date='2 months ago' +%Y-%m-%dT%H:%M:%S+00:00)\"/" \
    /var/lib/amanat/drills/drills.jsonl
# undo
cp -p /root/drills.kept /var/lib/amanat/drills/drills.jsonl
rm /root/drills.kept
