#!/bin/sh
# For an old phone TLS 1.1 is spoken again.
# host: edge
# check: policies/article4/test_medium.py::test_old_versions_of_tls_are_refused[1.1]
set -eu
cp -a /etc/amanat/nginx/nginx.conf /run/amanat-break.tls-1-1
sed -i -e 's/ssl_protocols .*/ssl_protocols TLSv1.1 TLSv1.2 TLSv1.3;/' -e 's/ssl_ciphers .*/ssl_ciphers ALL:@SECLEVEL=0;/' /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
# undo
mv /run/amanat-break.tls-1-1 /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
