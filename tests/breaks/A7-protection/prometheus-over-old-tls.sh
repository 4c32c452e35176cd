#!/bin/sh
# An old browser is to see the graphs.
# host: logs
# check: policies/article7/test_monitoring.py::test_metrics_are_handed_out_over_mutual_tls_only[logs]
set -eu
cp -p /etc/amanat/monitoring/prometheus-web.yml /run/amanat-break-web.yml
sed -i 's/TLS13/TLS10/' /etc/amanat/monitoring/prometheus-web.yml
systemctl restart amanat-prometheus.service
# undo
cp -p /run/amanat-break-web.yml /etc/amanat/monitoring/prometheus-web.yml
rm /run/amanat-break-web.yml
systemctl restart amanat-prometheus.service
