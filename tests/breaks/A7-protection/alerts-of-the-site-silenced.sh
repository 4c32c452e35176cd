#!/bin/sh
# Alerts of the site were silenced for a year during some maintenance: Prometheus shows them, and nobody is told.
# host: logs
# check: policies/article7/test_monitoring.py::test_no_alert_is_silenced
set -eu
tool="amtool --http.config.file=/etc/amanat/monitoring/client.yml --alertmanager.url=https://localhost:9093"
$tool silence add --author=root --comment=maintenance --duration=8760h 'alertname=~"Site.+"' > /run/amanat-break-silence
# undo
tool="amtool --http.config.file=/etc/amanat/monitoring/client.yml --alertmanager.url=https://localhost:9093"
$tool silence expire "$(cat /run/amanat-break-silence)"
rm /run/amanat-break-silence
