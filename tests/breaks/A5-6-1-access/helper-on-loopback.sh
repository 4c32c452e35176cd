#!/bin/sh
# A web console for the database waits on loopback, where every account of the host reaches it.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[store]
# finding: nobody expects listens tcp 127.0.0.1:8081
set -eu
systemd-run --quiet --unit=amanat-break-console python3 -m http.server --bind 127.0.0.1 --directory /usr/share/doc 8081
until ss -Hlnt | grep -q '127.0.0.1:8081 '; do :; done
# undo
systemctl stop amanat-break-console.service
