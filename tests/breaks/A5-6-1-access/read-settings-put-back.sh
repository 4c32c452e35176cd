#!/bin/sh
# sshd was given other settings for a while; the file was put back, the daemon goes on as it was told.
# host: vault
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[vault]
# finding: sshd has read its files is no: /etc/ssh/sshd_config
set -eu
cp -p /etc/ssh/sshd_config /run/amanat-break.sshd_config
echo 'MaxSessions 10' >> /etc/ssh/sshd_config
cp -p /run/amanat-break.sshd_config /etc/ssh/sshd_config
# undo
rm /run/amanat-break.sshd_config
systemctl reload ssh.service
