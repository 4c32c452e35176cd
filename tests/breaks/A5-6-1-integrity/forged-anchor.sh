#!/bin/sh
# Somebody on the vault makes the anchors fit a chain that was written anew.
# host: vault
set -eu
cp -p /var/lib/amanat/anchors/archive.jsonl /root/anchors.kept
sed -i '1s/"hash": "[0-9a-f]\{8\}/"hash": "00000000/' /var/lib/amanat/anchors/archive.jsonl
# undo
cp -p /root/anchors.kept /var/lib/amanat/anchors/archive.jsonl
rm /root/anchors.kept
systemctl start amanat-anchor.service
