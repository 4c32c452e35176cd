#!/bin/sh
# The server of time stamps takes connections without a certificate, while somebody tries something.
# host: vault
# check: policies/article6/test_log_seals.py::test_stamps_are_given_over_mutual_tls_only
set -eu
cp -p /etc/stunnel/amanat-tsa.conf /run/amanat-break-tsa.conf
sed -i '/^verifyChain/d; /^checkHost/d; /^CAfile/d; s/^exec = .*/exec = \/usr\/bin\/echo/; s/^execArgs.*/execArgs = echo hello/' /etc/stunnel/amanat-tsa.conf
systemctl restart amanat-tsa.service
# undo
cp -p /run/amanat-break-tsa.conf /etc/stunnel/amanat-tsa.conf
rm /run/amanat-break-tsa.conf
systemctl restart amanat-tsa.service
