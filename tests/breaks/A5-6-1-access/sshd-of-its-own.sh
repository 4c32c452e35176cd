#!/bin/sh
# A contractor runs an sshd of his own beside the host's, by options that no file shows.
# host: store
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[store]
# finding: sshd runs as: /usr/sbin/sshd -D -o Port=2200
set -eu
systemd-run --quiet --unit=amanat-break-sshd /usr/sbin/sshd -D -o Port=2200 -o ListenAddress=127.0.0.1 -o PidFile=none
until ss -Hlnt | grep -q '127.0.0.1:2200 '; do :; done
# undo
systemctl stop amanat-break-sshd.service
