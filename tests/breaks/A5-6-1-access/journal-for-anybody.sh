#!/bin/sh
# A colleague wants to read along from his desk: the certificate that journals ask for is no longer asked for.
# host: store
# check: policies/article5/test_access_log_elsewhere.py::test_a_journal_is_handed_out_over_mutual_tls_only[store]
set -eu
cp -p /etc/stunnel/amanat-journal.conf /run/amanat-break-journal.conf
sed -i -e '/^verifyChain/d' -e '/^checkHost/d' -e 's/^sslVersionMin.*/sslVersionMin = TLSv1.2/' /etc/stunnel/amanat-journal.conf
systemctl restart amanat-journal.service
# undo
cp -p /run/amanat-break-journal.conf /etc/stunnel/amanat-journal.conf
rm /run/amanat-break-journal.conf
systemctl restart amanat-journal.service
