#!/bin/sh
# Whatever is posted is answered as if it had been taken.
# host: edge
# check: policies/article4/test_medium.py::test_the_site_is_read_and_nothing_else
set -eu
cp -a /etc/amanat/nginx/nginx.conf /run/amanat-break.posts-are-taken
sed -i 's#error_page 404 .*#&\n  error_page 405 =200 /index.html;#' /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
# undo
mv /run/amanat-break.posts-are-taken /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
