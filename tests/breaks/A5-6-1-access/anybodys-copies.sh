#!/bin/sh
# A host was to restore another's files, and the repositories stayed open.
# host: vault
# check: policies/article5/test_access_copies.py::test_copies_open_to_their_own_host_only[store-anothers_copies]
set -eu
cp -p /etc/systemd/system/amanat-copies.service /run/amanat-break.copies
sed -i 's/ --private-repos//' /etc/systemd/system/amanat-copies.service
systemctl daemon-reload
systemctl restart amanat-copies.service
# undo
cp -p /run/amanat-break.copies /etc/systemd/system/amanat-copies.service
rm /run/amanat-break.copies
systemctl daemon-reload
systemctl restart amanat-copies.service
