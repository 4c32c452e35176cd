#!/bin/sh
# nginx puts an advertisement that nobody declared at the end of each page, but only for what calls itself a browser.
# host: edge
# check: policies/article4/test_medium.py::test_every_file_of_the_site_is_the_declared_one
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
touch -r /etc/nginx/conf.d /root/conf.d.before
cat > /etc/nginx/conf.d/promo.conf <<'EOF'
map $http_user_agent $promo {
    default "";
    "~^Mozilla/" "<p><a href='https://cheap-loans.example/'>Cheap loans</a></p>";
}
sub_filter "</main>" "$promo</main>";
sub_filter_last_modified on;
EOF
cp -a /etc/amanat/nginx/nginx.conf /root/nginx.conf.before
sed -e '/server_tokens off;/a\
  include /etc/nginx/conf.d/promo.conf;' /root/nginx.conf.before > /etc/amanat/nginx/nginx.conf
touch -r /root/nginx.conf.before /etc/amanat/nginx/nginx.conf
if cmp -s /root/nginx.conf.before /etc/amanat/nginx/nginx.conf; then exit 1; fi
reload
# undo
rm /etc/nginx/conf.d/promo.conf
touch -r /root/conf.d.before /etc/nginx/conf.d
rm /root/conf.d.before
cp -a /root/nginx.conf.before /etc/amanat/nginx/nginx.conf
rm /root/nginx.conf.before
systemctl restart amanat-nginx
