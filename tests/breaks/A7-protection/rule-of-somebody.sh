#!/bin/sh
# A colleague tried a rule of his own and left it.
# host: logs
# check: policies/article7/test_monitoring.py::test_the_rules_of_the_release_are_computed
set -eu
cp -p /etc/amanat/monitoring/rules/logs.yml /run/amanat-break-logs.yml
cat >> /etc/amanat/monitoring/rules/logs.yml <<'END'
      - alert: Lunch
        expr: hour() == 12
END
systemctl restart amanat-prometheus.service
# undo
cp -p /run/amanat-break-logs.yml /etc/amanat/monitoring/rules/logs.yml
rm /run/amanat-break-logs.yml
systemctl restart amanat-prometheus.service
