#!/bin/sh
# Alerts of the site were silenced for a year during some maintenance: Prometheus shows them, and nobody is told.
# host: logs
# check: policies/article7/test_monitoring.py::test_no_alert_is_silenced
set -eu
systemctl stop amanat-alertmanager
if [ -e /var/lib/amanat-alertmanager/silences ]; then
  cp -p /var/lib/amanat-alertmanager/silences /run/amanat-break-silences
fi
systemctl start amanat-alertmanager
python3 - <<'EOF'
import datetime, http.client, json, ssl, sys, time
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.load_cert_chain("/etc/amanat/pki/prometheus.crt", "/etc/amanat/pki/prometheus.key")
now = datetime.datetime.now(datetime.timezone.utc)
silence = {
    "matchers": [{"name": "alertname", "value": "Site.+", "isRegex": True, "isEqual": True}],
    "startsAt": now.isoformat(), "endsAt": (now + datetime.timedelta(days=365)).isoformat(),
    "createdBy": "root", "comment": "maintenance",
}
for _ in range(60):
    try:
        caller = http.client.HTTPSConnection("127.0.0.1", 9093, timeout=10, context=context)
        caller.request("POST", "/api/v2/silences", json.dumps(silence), {"Content-Type": "application/json"})
        answer = caller.getresponse()
        text = answer.read()
    except OSError:
        time.sleep(1)
        continue
    if answer.status == 200 and json.loads(text)["silenceID"]:
        sys.exit(0)
    time.sleep(1)
sys.exit(1)
EOF
# undo
systemctl stop amanat-alertmanager
if [ -e /run/amanat-break-silences ]; then
  cp -p /run/amanat-break-silences /var/lib/amanat-alertmanager/silences
  rm /run/amanat-break-silences
else
  rm -f /var/lib/amanat-alertmanager/silences
fi
systemctl start amanat-alertmanager
