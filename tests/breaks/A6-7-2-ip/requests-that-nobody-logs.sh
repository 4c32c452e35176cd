#!/bin/sh
# Requests for pages are logged no more, to save room.
# host: edge
# check: policies/article6/test_site_requests.py::test_a_request_is_logged_with_its_address_and_port[page]
set -eu
cp -a /etc/amanat/nginx/nginx.conf /run/amanat-break.requests-that-nobody-logs
sed -i 's#^  access_log .*#  access_log off;#' /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
# undo
mv /run/amanat-break.requests-that-nobody-logs /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
