#!/bin/sh
# An old client could not speak TLS 1.3.
# host: vault
# check: policies/article5/test_access_copies.py::test_copies_travel_over_mutual_tls_only[store-old_tls]
set -eu
cp -p /etc/stunnel/amanat-copies.conf /run/amanat-break.copies
sed -i 's/^sslVersionMin.*/sslVersionMin = TLSv1.2/' /etc/stunnel/amanat-copies.conf
systemctl daemon-reload
systemctl restart amanat-copies-tls.service
# undo
cp -p /run/amanat-break.copies /etc/stunnel/amanat-copies.conf
rm /run/amanat-break.copies
systemctl daemon-reload
systemctl restart amanat-copies-tls.service
