#!/bin/sh
# The log server's requests are led to a second nginx at an address of its own, so the monitoring sees a site that answers whatever visitors get.
# host: edge
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[edge]
set -eu
umask 022
settings=/etc/amanat/nginx/nginx.conf
logs=$(getent ahostsv4 @logs@ | awk 'NR == 1 { print $1 }')
port=$(sed -n 's/.*listen [0-9.]*:\([0-9]*\) ssl.*/\1/p' "$settings")
[ -n "$logs" ]
[ -n "$port" ]
cat > /run/second-site.nft <<EOF
table ip second_site {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip saddr $logs tcp dport $port dnat to 198.18.0.1
  }
}
EOF
nft --check -f /run/second-site.nft
sed -e 's/listen [0-9.]*:/listen 198.18.0.1:/' -e 's#/run/amanat-nginx/#/run/second-site/#' "$settings" > /run/second-site.conf
if cmp -s "$settings" /run/second-site.conf; then exit 1; fi
ip address add 198.18.0.1/32 dev lo
systemd-run --quiet --collect --unit=second-site --service-type=forking --uid=nginx --gid=nginx \
  --property=PIDFile=/run/second-site/nginx.pid --property=RuntimeDirectory=second-site --property=RuntimeDirectoryMode=0700 \
  --property=AmbientCapabilities=CAP_NET_BIND_SERVICE --property=KillSignal=SIGQUIT --property=KillMode=mixed \
  /usr/sbin/nginx -e stderr -c /run/second-site.conf
systemctl is-active --quiet second-site.service
nft -f /run/second-site.nft
rm /run/second-site.nft /run/second-site.conf
# undo
nft delete table ip second_site
systemctl stop second-site.service
ip address del 198.18.0.1/32 dev lo
