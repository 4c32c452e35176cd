#!/bin/sh
# A machine was taken out of the monitoring while it was repaired.
# host: logs
# check: policies/article7/test_monitoring.py::test_the_machine_is_watched[vault]
set -eu
cp -p /etc/amanat/monitoring/prometheus.yml /run/amanat-break-prometheus.yml
sed -i '/job_name: machine-vault/,/labels:/d' /etc/amanat/monitoring/prometheus.yml
systemctl restart amanat-prometheus.service
# undo
cp -p /run/amanat-break-prometheus.yml /etc/amanat/monitoring/prometheus.yml
rm /run/amanat-break-prometheus.yml
systemctl restart amanat-prometheus.service
