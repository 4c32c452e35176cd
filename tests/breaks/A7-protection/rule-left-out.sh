#!/bin/sh
# The rule that called most often was taken out.
# host: logs
# check: policies/article7/test_monitoring.py::test_the_rules_of_the_release_are_computed
set -eu
cp -p /etc/amanat/monitoring/rules/archive.yml /run/amanat-break-archive.yml
sed -i '/alert: ArchivingBroken/,/alert: BackupOld/{/alert: BackupOld/!d}' /etc/amanat/monitoring/rules/archive.yml
systemctl restart amanat-prometheus.service
# undo
cp -p /run/amanat-break-archive.yml /etc/amanat/monitoring/rules/archive.yml
rm /run/amanat-break-archive.yml
systemctl restart amanat-prometheus.service
