#!/bin/sh
# One caller is served whatever he asks for.
# host: edge
# check: policies/article7/test_site_limits.py::test_who_asks_too_much_is_refused_and_nobody_else[https]
set -eu
cp -a /etc/amanat/nginx/nginx.conf /run/amanat-break.no-limit-for-one-caller
sed -i '/^  limit_req zone/d' /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
# undo
mv /run/amanat-break.no-limit-for-one-caller /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
