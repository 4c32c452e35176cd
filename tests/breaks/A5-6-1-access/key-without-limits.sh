#!/bin/sh
# The auditor's key lost its limits with a new version of a script: a terminal, an agent and tunnels are open to it.
# host: store
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[store]
# finding: in /etc/ssh/authorized_keys.d/auditor is ssh-ed25519, options none
set -eu
cp -p /etc/ssh/authorized_keys.d/auditor /run/amanat-break.auditor
sed -i 's/^restrict //' /etc/ssh/authorized_keys.d/auditor
# undo
mv /run/amanat-break.auditor /etc/ssh/authorized_keys.d/auditor
