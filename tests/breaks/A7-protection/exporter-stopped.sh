#!/bin/sh
# An exporter was stopped, since it showed up in a list of processes.
# host: store
# check: policies/article7/test_monitoring.py::test_the_machine_is_watched[store]
set -eu
systemctl stop amanat-metrics-database.service
# undo
systemctl start amanat-metrics-database.service
