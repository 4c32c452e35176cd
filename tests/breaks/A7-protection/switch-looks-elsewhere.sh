#!/bin/sh
# The dead-man's switch asks a machine that never answers, and fails for it.
# host: vault
# check: policies/article7/test_monitoring.py::test_another_machine_watches_the_monitoring
set -eu
cp -p /etc/amanat/monitoring-watch/watch.json /run/amanat-break-watch.json
sed -i 's/"port": 9090/"port": 9091/' /etc/amanat/monitoring-watch/watch.json
systemctl start amanat-monitoring-watch.service || true
systemctl start amanat-monitoring-watch.service || true
# undo
cp -p /run/amanat-break-watch.json /etc/amanat/monitoring-watch/watch.json
rm /run/amanat-break-watch.json
systemctl start amanat-monitoring-watch.service
