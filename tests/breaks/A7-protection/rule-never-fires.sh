#!/bin/sh
# A rule keeps its name, and its threshold is a number that nothing reaches.
# host: logs
# check: policies/article7/test_protection_closed_world.py::test_every_file_is_as_the_converge_left_it[logs]
set -eu
cp -p /etc/amanat/monitoring/rules/machines.yml /run/amanat-break-machines.yml
sed -i 's/ > 0.80/ > 8/' /etc/amanat/monitoring/rules/machines.yml
systemctl restart amanat-prometheus.service
# undo
cp -p /run/amanat-break-machines.yml /etc/amanat/monitoring/rules/machines.yml
rm /run/amanat-break-machines.yml
systemctl restart amanat-prometheus.service
