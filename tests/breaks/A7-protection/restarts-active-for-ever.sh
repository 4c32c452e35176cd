#!/bin/sh
# What restarts outdated services counts as active since its last run, by a drop-in that is gone again: the timer is enabled and active, finds its service already started, and never starts it another time.
# host: vault
# check: policies/article7/test_protection.py::test_services_will_be_restarted_after_the_next_update[vault]
set -eu
umask 022
mkdir -p /run/systemd/system/amanat-restart-outdated.service.d
cat > /run/systemd/system/amanat-restart-outdated.service.d/other.conf <<EOF
[Service]
RemainAfterExit=yes
EOF
systemctl daemon-reload
systemctl start amanat-restart-outdated.service
rm -r /run/systemd/system/amanat-restart-outdated.service.d
systemctl daemon-reload
systemctl is-active --quiet amanat-restart-outdated.service
# undo
systemctl stop amanat-restart-outdated.service
