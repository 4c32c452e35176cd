#!/bin/sh
# A certificate authority of a company's proxy was added to those that the host trusts.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[vault]
# finding: nobody expects certificate 
set -eu
cp -p /etc/ssl/certs/ca-certificates.crt /run/kept.crt
openssl req -x509 -newkey ed25519 -nodes -keyout /dev/null -subj /CN=proxy -days 3650 2>/dev/null >> /etc/ssl/certs/ca-certificates.crt
# undo
cp -p /run/kept.crt /etc/ssl/certs/ca-certificates.crt
rm /run/kept.crt
