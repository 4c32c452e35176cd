#!/bin/sh
# nginx was started with a list of file types, lying over Debian's in its own mount namespace only, that has its limits act as if: nobody is refused, and every request of a flood is served and fills the journal.
# host: edge
# check: policies/article7/test_site_limits.py::test_who_asks_too_much_is_refused_and_nobody_else[https]
set -eu
start_with_edited amanat-nginx /etc/nginx/mime.types '' '$a limit_req_dry_run on;\nlimit_conn_dry_run on;'
# undo
systemctl restart amanat-nginx
