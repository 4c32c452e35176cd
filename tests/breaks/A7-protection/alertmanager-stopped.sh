#!/bin/sh
# The calls at night were too many.
# host: logs
# check: policies/article7/test_monitoring.py::test_alerts_come_through
set -eu
systemctl stop amanat-alertmanager.service
# undo
systemctl start amanat-alertmanager.service
