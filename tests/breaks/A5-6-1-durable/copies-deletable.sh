#!/bin/sh
# The disk was filling up, so hosts may delete their copies themselves.
# host: vault
# check: policies/article5/test_durable_copies.py::test_a_host_cannot_take_a_copy_back[store-delete]
set -eu
cp -p /etc/systemd/system/amanat-copies.service /run/amanat-break.copies
sed -i 's/ --append-only//' /etc/systemd/system/amanat-copies.service
systemctl daemon-reload
systemctl restart amanat-copies.service
# undo
cp -p /run/amanat-break.copies /etc/systemd/system/amanat-copies.service
rm /run/amanat-break.copies
systemctl daemon-reload
systemctl restart amanat-copies.service
