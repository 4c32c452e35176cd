#!/bin/sh
# The site is served without TLS, too, for those whose certificate is not known.
# host: edge
# check: policies/article4/test_medium.py::test_plain_http_only_leads_to_https
set -eu
cp -a /etc/amanat/nginx/nginx.conf /run/amanat-break.plain-http
sed -i 's#return 308 https.*#root /run/amanat-site/current; index index.html;#' /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
# undo
mv /run/amanat-break.plain-http /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
