#!/bin/sh
# The source port of a request is logged no more.
# host: edge
# check: policies/article6/test_site_requests.py::test_a_request_is_logged_with_its_address_and_port[page]
set -eu
cp -a /etc/amanat/nginx/nginx.conf /run/amanat-break.no-source-port
sed -i 's/"port":"$remote_port",//' /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
# undo
mv /run/amanat-break.no-source-port /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
