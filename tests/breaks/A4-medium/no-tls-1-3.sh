#!/bin/sh
# TLS 1.3 is switched off, because a middlebox of somebody's did not like it.
# host: edge
# check: policies/article4/test_medium.py::test_current_versions_of_tls_are_spoken[1.3]
set -eu
cp -a /etc/amanat/nginx/nginx.conf /run/amanat-break.no-tls-1-3
sed -i 's/ssl_protocols .*/ssl_protocols TLSv1.2;/' /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
# undo
mv /run/amanat-break.no-tls-1-3 /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
