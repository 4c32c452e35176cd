# host: logs
# what: A silence in Alertmanager for ten years matches every alert: rules fire, and nobody is ever told.

break_it() { ask silence; }

# An ended silence would stay in Alertmanager's file for five days; where there is none in force, the file goes.
undo() {
    ask expire || return 0
    systemctl stop amanat-alertmanager.service
    rm -f /var/lib/amanat-alertmanager/silences
    systemctl start amanat-alertmanager.service
}

ask() {
    python3 - "$1" <<'PY'
import datetime, json, ssl, sys, urllib.request
tls = ssl.create_default_context(cafile="/etc/amanat/pki/ca.crt")
tls.check_hostname = False
tls.load_cert_chain("/etc/amanat/pki/prometheus.crt", "/etc/amanat/pki/prometheus.key")

def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request("https://127.0.0.1:9093/api/v2/" + path, data, {"Content-Type": "application/json"}, method=method)
    text = urllib.request.urlopen(asked, context=tls, timeout=10).read()
    return json.loads(text) if text else None

mine = [one for one in call("GET", "silences") if one["comment"] == "maintenance"]
alive = [one for one in mine if one["status"]["state"] != "expired"]
if sys.argv[1] == "silence" and not alive:
    now = datetime.datetime.now(datetime.UTC)
    call("POST", "silences", {
        "matchers": [{"name": "alertname", "value": ".+", "isRegex": True, "isEqual": True}],
        "startsAt": now.isoformat(), "endsAt": (now + datetime.timedelta(days=3650)).isoformat(),
        "createdBy": "root", "comment": "maintenance"})
if sys.argv[1] == "expire":
    for one in alive:
        call("DELETE", "silence/" + one["id"])
    left = [one for one in call("GET", "silences") if one["comment"] != "maintenance"]
    sys.exit(0 if mine and not left else 1)
PY
}
