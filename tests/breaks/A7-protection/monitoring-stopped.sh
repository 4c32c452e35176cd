#!/bin/sh
# Prometheus took memory that the log server needed for a day.
# host: logs
# check: policies/article7/test_monitoring.py::test_the_rules_of_the_release_are_computed
set -eu
systemctl stop amanat-prometheus.service
# undo
systemctl start amanat-prometheus.service
