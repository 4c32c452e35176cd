#!/bin/sh
# Any account that calls a name on the bus has a program started as root.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: bus name org.example.Helper
set -eu
mkdir -p /usr/local/share/dbus-1/system-services
printf '[D-BUS Service]\nName=org.example.Helper\nExec=/usr/bin/true\nUser=root\n' > /usr/local/share/dbus-1/system-services/org.example.Helper.service
systemctl reload dbus.service
# undo
rm -r /usr/local/share/dbus-1
systemctl reload dbus.service
