#!/bin/sh
# The address that is logged is the one that a header claims.
# host: edge
# check: policies/article6/test_site_requests.py::test_a_request_is_logged_with_its_address_and_port[page]
set -eu
cp -a /etc/amanat/nginx/nginx.conf /run/amanat-break.address-that-the-caller-claims
sed -i 's#^  access_log#  set_real_ip_from 0.0.0.0/0;\n  real_ip_header X-Forwarded-For;\n  access_log#' /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
# undo
mv /run/amanat-break.address-that-the-caller-claims /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
