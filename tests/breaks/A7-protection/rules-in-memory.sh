#!/bin/sh
# Prometheus runs with rules that never fire: it was loaded with them, and the files were put back.
# host: logs
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[logs]
# finding: amanat-prometheus.service: file /etc/amanat/monitoring/rules/machines.yml
set -eu
cp -p /etc/amanat/monitoring/rules/machines.yml /run/amanat-break.rules
sed -i 's/ > 0.80/ > 8/' /etc/amanat/monitoring/rules/machines.yml
systemctl restart amanat-prometheus.service
cp -p /run/amanat-break.rules /etc/amanat/monitoring/rules/machines.yml
rm /run/amanat-break.rules
# undo
systemctl restart amanat-prometheus.service
