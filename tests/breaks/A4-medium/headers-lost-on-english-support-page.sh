#!/bin/sh
# A header for search engines was added to the English support page alone, which so lost all the safe headers that it inherited.
# host: edge
# check: policies/article4/test_medium.py::test_browsers_are_told_how_to_treat_the_pages
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
touch -r /etc/nginx/snippets /root/snippets.before
cat > /etc/nginx/snippets/robots.conf <<'EOF'
location = /en/support.html {
    add_header X-Robots-Tag "all" always;
}
EOF
cp -a /etc/amanat/nginx/nginx.conf /root/nginx.conf.before
sed -e '/http2 on;/a\
    include /etc/nginx/snippets/robots.conf;' /root/nginx.conf.before > /etc/amanat/nginx/nginx.conf
touch -r /root/nginx.conf.before /etc/amanat/nginx/nginx.conf
if cmp -s /root/nginx.conf.before /etc/amanat/nginx/nginx.conf; then exit 1; fi
reload
# undo
rm /etc/nginx/snippets/robots.conf
touch -r /root/snippets.before /etc/nginx/snippets
rm /root/snippets.before
cp -a /root/nginx.conf.before /etc/amanat/nginx/nginx.conf
rm /root/nginx.conf.before
systemctl restart amanat-nginx
