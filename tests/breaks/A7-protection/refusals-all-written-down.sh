#!/bin/sh
# Each refusal of a flood is written down again, by settings that nginx has in memory only.
# host: edge
# check: policies/article7/test_site_limits.py::test_who_asks_too_much_is_refused_and_nobody_else[https]
set -eu
start_with_edited amanat-nginx /etc/amanat/nginx/nginx.conf '' 's/ access if=$is_written;/ access;/'
# undo
systemctl restart amanat-nginx
