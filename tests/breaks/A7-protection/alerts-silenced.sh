#!/bin/sh
# An alert was silenced for a year, since it was known anyway.
# host: logs
# check: policies/article7/test_monitoring.py::test_no_alert_is_silenced
set -eu
tool="amtool --http.config.file=/etc/amanat/monitoring/client.yml --alertmanager.url=https://localhost:9093"
$tool silence add --author=somebody --comment=known --duration=8760h alertname=ArchivingBroken > /run/amanat-break-silence
# undo
tool="amtool --http.config.file=/etc/amanat/monitoring/client.yml --alertmanager.url=https://localhost:9093"
$tool silence expire "$(cat /run/amanat-break-silence)"
rm /run/amanat-break-silence
