#!/bin/sh
# The file of anchors was emptied, and begins anew with whatever the store shows.
# host: vault
# check: policies/article5/test_integrity_anchors.py::test_the_anchors_on_record_are_still_there
set -eu
anchors=/var/lib/amanat/anchors/archive.jsonl
systemctl stop amanat-anchor.timer
systemctl reset-failed  # systemd counts starts
systemctl start amanat-anchor.service
systemctl start amanat-anchor.service
cp -p $anchors /root/anchors.kept
: > $anchors
systemctl start amanat-anchor.service
# undo
cp -p /root/anchors.kept /var/lib/amanat/anchors/archive.jsonl
rm /root/anchors.kept
systemctl reset-failed
systemctl start amanat-anchor.service amanat-anchor.timer
