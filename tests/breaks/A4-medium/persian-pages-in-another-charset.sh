#!/bin/sh
# The header of Persian pages names windows-1256 as their charset, so that browsers show no readable Persian though not a byte of a page is altered.
# host: edge
# check: policies/article4/test_medium.py::test_the_site_opens_in_its_language[persian]
set -eu
umask 022
reload() { # returns when none of the former workers takes requests any more
  old=$(pgrep -d, -P "$(systemctl show --value --property=MainPID amanat-nginx)")
  systemctl reload amanat-nginx
  for _ in $(seq 100); do
    ps -o args= -p "$old" | grep -qv 'shutting down' || return 0
    sleep 0.1
  done
  return 1
}
cp -a /etc/amanat/nginx/nginx.conf /root/nginx.conf.before
sed -e 's/^  charset utf-8;/  charset $page_charset;/' \
  -e '/server_tokens off;/a\
  map $uri $page_charset { default utf-8; "~^/en/" utf-8; "~(\.html|/)$" windows-1256; }' /root/nginx.conf.before > /etc/amanat/nginx/nginx.conf
touch -r /root/nginx.conf.before /etc/amanat/nginx/nginx.conf
if cmp -s /root/nginx.conf.before /etc/amanat/nginx/nginx.conf; then exit 1; fi
reload
# undo
cp -a /root/nginx.conf.before /etc/amanat/nginx/nginx.conf
rm /root/nginx.conf.before
systemctl restart amanat-nginx
