#!/bin/sh
# A new host had no certificate yet, so the server asks for none.
# host: vault
# check: policies/article5/test_access_copies.py::test_copies_travel_over_mutual_tls_only[store-no_certificate]
set -eu
cp -p /etc/stunnel/amanat-copies.conf /run/amanat-break.copies
sed -i '/^verifyChain\|^checkHost/d' /etc/stunnel/amanat-copies.conf
systemctl daemon-reload
systemctl restart amanat-copies-tls.service
# undo
cp -p /run/amanat-break.copies /etc/stunnel/amanat-copies.conf
rm /run/amanat-break.copies
systemctl daemon-reload
systemctl restart amanat-copies-tls.service
