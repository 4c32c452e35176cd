#!/bin/sh
# Requests for pictures are written down no more, by settings that nginx has in memory only.
# host: edge
# check: policies/article7/test_site_limits.py::test_who_asks_too_much_is_refused_and_nobody_else[https]
set -eu
umask 022
sed 's/map "$status $is_sample" $is_written { default 1;/map "$status $is_sample $request_uri" $is_written { default 1; ~svg$ 0;/' \
  /etc/amanat/nginx/nginx.conf > /run/nginx-other.conf
if cmp -s /etc/amanat/nginx/nginx.conf /run/nginx-other.conf; then exit 1; fi
mkdir -p /run/systemd/system/amanat-nginx.service.d
cat > /run/systemd/system/amanat-nginx.service.d/other.conf <<EOF
[Service]
BindReadOnlyPaths=/run/nginx-other.conf:/etc/amanat/nginx/nginx.conf
EOF
systemctl daemon-reload
systemctl restart amanat-nginx
rm -r /run/systemd/system/amanat-nginx.service.d /run/nginx-other.conf
systemctl daemon-reload
# undo
systemctl restart amanat-nginx
