#!/bin/sh
# The monitoring asks for a page that is there no more, and nobody looks at what comes of it.
# host: logs
# check: policies/article7/test_monitoring.py::test_the_site_is_watched_from_outside
set -eu
cp -p /etc/amanat/monitoring/prometheus.yml /run/amanat-break-prometheus.yml
sed -i 's,:443/"],:443/gone"],' /etc/amanat/monitoring/prometheus.yml
if cmp -s /etc/amanat/monitoring/prometheus.yml /run/amanat-break-prometheus.yml; then exit 1; fi
systemctl restart amanat-prometheus.service
# undo
cp -p /run/amanat-break-prometheus.yml /etc/amanat/monitoring/prometheus.yml
rm /run/amanat-break-prometheus.yml
systemctl restart amanat-prometheus.service
