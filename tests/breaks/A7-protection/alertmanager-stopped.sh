#!/bin/sh
# The calls at night were too many.
# host: logs
# check: policies/article7/test_monitoring.py::test_alerts_come_through
set -eu
systemctl stop amanat-alertmanager.service
# undo
systemctl start amanat-alertmanager.service
tool="amtool --http.config.file=/etc/amanat/monitoring/client.yml --alertmanager.url=https://localhost:9093"
for _ in $(seq 100); do
  $tool silence query > /dev/null 2>&1 && exit 0
  sleep 0.2
done
exit 1
