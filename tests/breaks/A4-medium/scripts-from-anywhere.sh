#!/bin/sh
# The content security policy lets pages run scripts from anywhere.
# host: edge
# check: policies/article4/test_medium.py::test_browsers_are_told_how_to_treat_the_pages
set -eu
cp -a /etc/amanat/nginx/nginx.conf /run/amanat-break.scripts-from-anywhere
sed -i "s/default-src 'none';/default-src 'none'; script-src https:;/" /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
# undo
mv /run/amanat-break.scripts-from-anywhere /etc/amanat/nginx/nginx.conf
systemctl restart amanat-nginx
