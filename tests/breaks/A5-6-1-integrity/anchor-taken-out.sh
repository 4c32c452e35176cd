#!/bin/sh
# One anchor was taken out from between others.
# host: vault
# check: policies/article5/test_integrity_anchors.py::test_no_anchor_was_taken_away_or_changed
set -eu
anchors=/var/lib/amanat/anchors/archive.jsonl
systemctl stop amanat-anchor.timer
systemctl reset-failed  # systemd counts starts
systemctl start amanat-anchor.service
systemctl start amanat-anchor.service
cp -p $anchors /root/anchors.kept
sed -i 2d $anchors
# undo
cp -p /root/anchors.kept /var/lib/amanat/anchors/archive.jsonl
rm /root/anchors.kept
systemctl reset-failed
systemctl start amanat-anchor.service amanat-anchor.timer
