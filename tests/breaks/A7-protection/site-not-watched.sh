#!/bin/sh
# The site was taken out of the monitoring because it answered too slowly.
# host: logs
# check: policies/article7/test_monitoring.py::test_the_site_is_watched_from_outside
set -eu
cp -p /etc/amanat/monitoring/prometheus.yml /run/amanat-break-prometheus.yml
sed -i '/job_name: site/,/labels:/d' /etc/amanat/monitoring/prometheus.yml
systemctl restart amanat-prometheus.service
# undo
cp -p /run/amanat-break-prometheus.yml /etc/amanat/monitoring/prometheus.yml
rm /run/amanat-break-prometheus.yml
systemctl restart amanat-prometheus.service
