#!/bin/sh
# Requests over plain HTTP are no longer written down, by settings that nginx has in memory only.
# host: edge
# check: policies/article6/test_site_requests.py::test_a_request_is_logged_with_its_address_and_port[without-tls]
set -eu
start_with_edited amanat-nginx /etc/amanat/nginx/nginx.conf '' '/:80 default_server;/a\
    access_log off;'
# undo
systemctl restart amanat-nginx
