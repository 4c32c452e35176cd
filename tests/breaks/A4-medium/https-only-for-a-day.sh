#!/bin/sh
# Browsers ask over TLS alone for a day only.
# host: edge
# check: policies/article4/test_medium.py::test_browsers_are_told_how_to_treat_the_pages
set -eu
cp -a /etc/amanat/nginx/nginx.conf /run/amanat-break.https-only-for-a-day
sed -i 's/max-age=63072000/max-age=86400/' /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
# undo
mv /run/amanat-break.https-only-for-a-day /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
