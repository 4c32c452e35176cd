#!/bin/sh
# An exporter runs as root, so that it sees more.
# host: store
# check: policies/article5/test_trusted.py::test_services_run_in_confinement[store]
set -eu
unit=/etc/systemd/system/amanat-metrics.service
cp -p $unit /run/amanat-break.unit
sed -i -e '/^User=/d' -e '/^Group=/d' $unit
systemctl daemon-reload
systemctl restart amanat-metrics.service
# undo
cp -p /run/amanat-break.unit /etc/systemd/system/amanat-metrics.service
rm /run/amanat-break.unit
systemctl daemon-reload
systemctl restart amanat-metrics.service
