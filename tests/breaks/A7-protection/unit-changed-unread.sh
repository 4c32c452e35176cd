#!/bin/sh
# A unit was edited, and takes effect when somebody reloads the service manager for another reason.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: unit amanat-archive-seal.service has files that systemd has not read
set -eu
cp -p /etc/systemd/system/amanat-archive-seal.service /var/lib/misc/seal.unit
sed -i 's/^User=.*/User=root/' /etc/systemd/system/amanat-archive-seal.service
# undo
cp -p /var/lib/misc/seal.unit /etc/systemd/system/amanat-archive-seal.service
rm /var/lib/misc/seal.unit
systemctl daemon-reload
systemctl restart amanat-archive-seal.service
