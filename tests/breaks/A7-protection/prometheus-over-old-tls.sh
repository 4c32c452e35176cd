#!/bin/sh
# An old browser is to see the graphs.
# host: logs
# check: policies/article7/test_protection_closed_world.py::test_every_file_is_as_the_converge_left_it[logs]
set -eu
cp -p /etc/amanat/monitoring/prometheus-web.yml /run/amanat-break-web.yml
sed -i 's/TLS13/TLS10/' /etc/amanat/monitoring/prometheus-web.yml
systemctl restart amanat-prometheus.service
# undo
cp -p /run/amanat-break-web.yml /etc/amanat/monitoring/prometheus-web.yml
rm /run/amanat-break-web.yml
systemctl restart amanat-prometheus.service
