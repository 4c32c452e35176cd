#!/bin/sh
# A host's copies were refused for lack of room, and the limit went.
# host: vault
# check: policies/article5/test_durable_copies.py::test_a_host_cannot_fill_the_disk
set -eu
cp -p /etc/systemd/system/amanat-copies.service /run/amanat-break.copies
sed -i 's/ --max-size [0-9]*//' /etc/systemd/system/amanat-copies.service
systemctl daemon-reload
systemctl restart amanat-copies.service
# undo
cp -p /run/amanat-break.copies /etc/systemd/system/amanat-copies.service
rm /run/amanat-break.copies
systemctl daemon-reload
systemctl restart amanat-copies.service
