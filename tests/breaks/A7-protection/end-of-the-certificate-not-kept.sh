#!/bin/sh
# Prometheus was started with settings, lying over its own in its mount namespace only, that throw away when the site's certificate ends: the rule SiteCertificateEnds is there, and finds nothing to compare.
# host: logs
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[logs]
set -eu
umask 022
settings=/etc/amanat/monitoring/prometheus.yml
sed '/^  - job_name: site$/a\
    metric_relabel_configs:\
      - source_labels: [__name__]\
        regex: probe_ssl_.*\
        action: drop' "$settings" > /run/prometheus-other.yml
if cmp -s "$settings" /run/prometheus-other.yml; then exit 1; fi
promtool check config --syntax-only /run/prometheus-other.yml
mkdir -p /run/systemd/system/amanat-prometheus.service.d
cat > /run/systemd/system/amanat-prometheus.service.d/other.conf <<EOF
[Service]
BindReadOnlyPaths=/run/prometheus-other.yml:$settings
EOF
systemctl daemon-reload
systemctl restart amanat-prometheus
# The file has to be there until the new process has its namespace.
port=$(sed -n 's/.*--web.listen-address=[^ ]*:\([0-9]*\).*/\1/p' /etc/systemd/system/amanat-prometheus.service)
[ -n "$port" ]
i=0
until [ -n "$(ss -Hltn "sport = :$port")" ]; do
  i=$((i + 1))
  [ "$i" -lt 60 ]
  sleep 1
done
rm -r /run/systemd/system/amanat-prometheus.service.d /run/prometheus-other.yml
systemctl daemon-reload
# undo
systemctl restart amanat-prometheus
