#!/bin/sh
# A program of the system was replaced by hand.
# host: store
# check: policies/article7/test_protection.py::test_files_of_packages_are_unchanged[store]
set -eu
cp -p /usr/bin/uptime /run/amanat-break.bin
printf x >> /usr/bin/uptime
# undo
cp -p /run/amanat-break.bin /usr/bin/uptime
rm -f /run/amanat-break.bin
