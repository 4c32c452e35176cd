#!/bin/sh
# Updates disturbed, so they were switched off.
# host: store
# check: policies/article7/test_protection.py::test_security_updates_are_looked_for[store]
set -eu
systemctl stop apt-daily.timer apt-daily-upgrade.timer
# undo
systemctl start apt-daily.timer apt-daily-upgrade.timer
