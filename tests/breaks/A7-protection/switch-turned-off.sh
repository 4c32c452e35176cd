#!/bin/sh
# The dead-man's switch was turned off for a repair of the log server.
# host: vault
# check: policies/article7/test_monitoring.py::test_another_machine_watches_the_monitoring
set -eu
systemctl stop amanat-monitoring-watch.timer
# undo
systemctl start amanat-monitoring-watch.timer
