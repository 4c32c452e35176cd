#!/bin/sh
# What Prometheus alone sends to the blackbox exporter's port goes to another program, which says that the site is well whatever it is; the exporter runs on, and tells the truth to whoever else asks.
# host: logs
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[logs]
set -eu
cat > /run/blackbox-cache.nft <<EOF
table ip blackbox_cache {
  chain output {
    type nat hook output priority -100; policy accept;
    meta skuid prometheus ip daddr 127.0.0.1 tcp dport 9115 counter redirect to :9116
  }
}
EOF
nft --check -f /run/blackbox-cache.nft
systemd-run --quiet --collect --unit=blackbox-cache --uid=blackbox --gid=blackbox --service-type=exec /usr/bin/python3 -c '
import http.server, ssl, time
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    def do_GET(self):
        text = "probe_success 1\nprobe_http_status_code 200\nprobe_http_ssl 1\nprobe_duration_seconds 0.02\n"
        text += "probe_ssl_earliest_cert_expiry " + str(int(time.time()) + 300 * 86400) + "\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/etc/amanat/pki/blackbox.crt", "/etc/amanat/pki/blackbox.key")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 9116), Answer)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
'
i=0
until [ -n "$(ss -Hltn 'sport = :9116')" ]; do
  i=$((i + 1))
  [ "$i" -lt 30 ]
  sleep 1
done
nft -f /run/blackbox-cache.nft
rm /run/blackbox-cache.nft
# The connection that Prometheus keeps open would go on to the right one.
systemctl restart amanat-blackbox
i=0
until nft list table ip blackbox_cache | grep -q 'counter packets [1-9]'; do
  i=$((i + 1))
  [ "$i" -lt 90 ]
  sleep 1
done
# undo
nft delete table ip blackbox_cache
systemctl stop blackbox-cache.service
