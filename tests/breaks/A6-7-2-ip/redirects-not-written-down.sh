#!/bin/sh
# Requests over plain HTTP are no longer written down, by settings that nginx has in memory only.
# host: edge
# check: policies/article6/test_site_requests.py::test_a_request_is_logged_with_its_address_and_port[without-tls]
set -eu
umask 022
sed -e '/:80 default_server;/a\
    access_log off;' /etc/amanat/nginx/nginx.conf > /run/nginx-other.conf
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
