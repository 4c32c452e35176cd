#!/bin/sh
# Requests may have headers of a megabyte.
# host: edge
# check: policies/article7/test_site_limits.py::test_oversized_requests_are_refused
set -eu
cp -a /etc/amanat/nginx/nginx.conf /run/amanat-break.headers-without-end
sed -i 's/large_client_header_buffers .*/large_client_header_buffers 8 128k;/' /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
# undo
mv /run/amanat-break.headers-without-end /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
