#!/bin/sh
# sshd was to be reached by a second network card as well.
# host: vault
# check: policies/article7/test_hardening.py::test_no_service_listens_on_every_address
set -eu
policy=/etc/ssh/sshd_config.d/00-amanat.conf
cp -p $policy /run/amanat-break.sshd
sed -i "s/^ListenAddress .*/ListenAddress 0.0.0.0/" $policy
systemctl reload ssh.service
# undo
cp -p /run/amanat-break.sshd /etc/ssh/sshd_config.d/00-amanat.conf
rm /run/amanat-break.sshd
systemctl reload ssh.service
