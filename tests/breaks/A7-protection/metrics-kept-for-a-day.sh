#!/bin/sh
# The disk of the log server was short, so samples are kept for a day.
# host: logs
# check: policies/article7/test_monitoring.py::test_what_was_measured_is_kept
set -eu
unit=/etc/systemd/system/amanat-prometheus.service
cp -p $unit /run/amanat-break.unit
sed -i 's/retention.time=[0-9]*d/retention.time=1d/' $unit
systemctl daemon-reload
systemctl restart amanat-prometheus.service
# undo
cp -p /run/amanat-break.unit /etc/systemd/system/amanat-prometheus.service
rm /run/amanat-break.unit
systemctl daemon-reload
systemctl restart amanat-prometheus.service
