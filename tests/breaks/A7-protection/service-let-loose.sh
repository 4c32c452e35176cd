#!/bin/sh
# A service failed in its confinement, so the confinement went.
# host: vault
# check: policies/article7/test_hardening.py::test_our_services_can_do_little
set -eu
unit=/etc/systemd/system/amanat-integrity.service
cp -p $unit /run/amanat-break.unit
sed -i "/^NoNewPrivileges/,\$d; /^Capability/d" $unit
systemctl daemon-reload
# undo
cp -p /run/amanat-break.unit /etc/systemd/system/amanat-integrity.service
rm /run/amanat-break.unit
systemctl daemon-reload
