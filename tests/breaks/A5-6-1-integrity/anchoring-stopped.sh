#!/bin/sh
# Nobody anchors the chain any more.
# host: vault
# check: policies/article5/test_integrity_anchors.py::test_new_records_will_be_anchored
set -eu
systemctl disable --now --quiet amanat-anchor.timer
# undo
systemctl enable --now --quiet amanat-anchor.timer
