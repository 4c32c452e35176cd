#!/bin/sh
# nginx was started with TLS 1.1 from a file that lay over its settings in its own mount namespace only, and unit and files say nothing of it any more.
# host: edge
# check: policies/article4/test_medium.py::test_old_versions_of_tls_are_refused[1.1]
set -eu
umask 022
sed -e 's/ssl_protocols .*;/ssl_protocols TLSv1.1 TLSv1.2 TLSv1.3;/' -e '/ssl_ciphers/s/;$/:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:@SECLEVEL=0;/' /etc/amanat/nginx/nginx.conf > /run/nginx-other.conf
if cmp -s /etc/amanat/nginx/nginx.conf /run/nginx-other.conf; then exit 1; fi
chmod 644 /run/nginx-other.conf
mkdir -p /run/systemd/system/amanat-nginx.service.d
cat > /run/systemd/system/amanat-nginx.service.d/other.conf <<EOF
[Service]
BindReadOnlyPaths=/run/nginx-other.conf:/etc/amanat/nginx/nginx.conf
EOF
systemctl daemon-reload
systemctl restart amanat-nginx
rm -r /run/systemd/system/amanat-nginx.service.d /run/nginx-other.conf
systemctl daemon-reload
# undo
systemctl restart amanat-nginx
