#!/bin/sh
# nginx counts requests for each connection rather than for each address, by settings that it has in memory only, so that a caller with many connections is hardly limited.
# host: edge
# check: policies/article7/test_site_limits.py::test_who_asks_too_much_is_refused_and_nobody_else[https]
set -eu
start_with_edited amanat-nginx /etc/amanat/nginx/nginx.conf '' \
  's/limit_req_zone $binary_remote_addr zone/limit_req_zone $binary_remote_addr$remote_port zone/'
# undo
systemctl restart amanat-nginx
