#!/bin/sh
# The server's own status is shown to everybody.
# host: edge
# check: policies/article4/test_medium.py::test_nothing_but_the_site_is_handed_out
set -eu
cp -a /etc/amanat/nginx/nginx.conf /run/amanat-break.status-page
sed -i 's#location /errors/ {#location /nginx_status { stub_status; }\n    location /errors/ {#' /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
# undo
mv /run/amanat-break.status-page /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
