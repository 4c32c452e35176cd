#!/bin/sh
# A vendor's installer left a unit of its own below /usr/local, for the day that somebody enables it.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects /usr/local/lib/systemd/system/telemetry.service
set -eu
mkdir -p /usr/local/lib/systemd/system
printf '[Service]\nExecStart=/usr/bin/true\n' > /usr/local/lib/systemd/system/telemetry.service
# undo
rm -r /usr/local/lib/systemd
