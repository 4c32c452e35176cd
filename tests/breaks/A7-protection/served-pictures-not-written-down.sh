#!/bin/sh
# Requests for pictures are written down no more, by settings that nginx has in memory only.
# host: edge
# check: policies/article7/test_site_limits.py::test_who_asks_too_much_is_refused_and_nobody_else[https]
set -eu
start_with_edited amanat-nginx /etc/amanat/nginx/nginx.conf '' \
  's/map "$status $is_sample" $is_written { default 1;/map "$status $is_sample $request_uri" $is_written { default 1; ~svg$ 0;/'
# undo
systemctl restart amanat-nginx
