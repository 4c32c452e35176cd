#!/bin/sh
# A tool for finding errors copies every packet of the wire, and was forgotten.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[store]
# finding: nobody expects listens p_raw
set -eu
systemd-run --quiet --unit=amanat-break-tap python3 -c 'import socket, time
tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
time.sleep(100000)'
until ss -Hln -A packet | grep -q .; do :; done
# undo
systemctl stop amanat-break-tap.service
