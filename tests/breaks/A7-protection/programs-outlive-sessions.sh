#!/bin/sh
# An account's programs start at boot and go on after it left.
# host: store
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[store]
# finding: nobody expects lingers: deploy
set -eu
mkdir -p /var/lib/systemd/linger
touch /var/lib/systemd/linger/deploy
# undo
rm /var/lib/systemd/linger/deploy
