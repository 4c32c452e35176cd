#!/bin/sh
# nginx was started with a list of file types, lying over Debian's in its own mount namespace only, that has its limits act as if: nobody is refused, and every request of a flood is served and fills the journal.
# host: edge
# check: policies/article7/test_site_limits.py::test_who_asks_too_much_is_refused_and_nobody_else[https]
set -eu
umask 022
cp /etc/nginx/mime.types /run/nginx-types
printf 'limit_req_dry_run on;\nlimit_conn_dry_run on;\n' >> /run/nginx-types
mkdir -p /run/systemd/system/amanat-nginx.service.d
cat > /run/systemd/system/amanat-nginx.service.d/other.conf <<EOF
[Service]
BindReadOnlyPaths=/run/nginx-types:/etc/nginx/mime.types
EOF
systemctl daemon-reload
systemctl restart amanat-nginx
rm -r /run/systemd/system/amanat-nginx.service.d /run/nginx-types
systemctl daemon-reload
# undo
systemctl restart amanat-nginx
