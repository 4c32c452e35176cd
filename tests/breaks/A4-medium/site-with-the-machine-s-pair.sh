#!/bin/sh
# nginx was given the machine's own pair, which lets it call other machines in its name.
# host: edge
# check: policies/article4/test_medium.py::test_the_certificate_is_the_site_s_own
set -eu
cd /etc/amanat/pki
cp -p nginx.key nginx.crt /run/
cat host.key > nginx.key
cat host.crt > nginx.crt
systemctl restart amanat-nginx
# undo
cd /etc/amanat/pki
cat /run/nginx.key > nginx.key
cat /run/nginx.crt > nginx.crt
rm /run/nginx.key /run/nginx.crt
systemctl restart amanat-nginx
