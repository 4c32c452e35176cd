#!/bin/sh
# A root program takes commands on a socket that has no file, so no mode closes it.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[store]
# finding: nobody expects listens unix @maintenance
set -eu
systemd-run --quiet --unit=amanat-break-maintenance python3 -c 'import socket, time
door = socket.socket(socket.AF_UNIX)
door.bind("\0maintenance")
door.listen()
time.sleep(100000)'
until ss -Hlx | grep -q '@maintenance '; do :; done
# undo
systemctl stop amanat-break-maintenance.service
