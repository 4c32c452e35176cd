#!/bin/sh
# Somebody on the vault makes the anchors fit a chain that was written anew.
# host: vault
# check: policies/article5/test_integrity_anchors.py::test_the_chain_holds_every_head_that_was_anchored
set -eu
cp -p /var/lib/amanat/anchors/archive.jsonl /root/anchors.kept
sed -i '1s/"hash": "[0-9a-f]\{8\}/"hash": "00000000/' /var/lib/amanat/anchors/archive.jsonl
# undo
cp -p /root/anchors.kept /var/lib/amanat/anchors/archive.jsonl
rm /root/anchors.kept
systemctl reset-failed
systemctl start amanat-anchor.service
