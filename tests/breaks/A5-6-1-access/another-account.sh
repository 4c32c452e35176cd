#!/bin/sh
# The hosting company's technicians were let in for a day.
# host: vault
# check: policies/article5/test_access_ssh.py::test_only_named_accounts_may_log_in[vault]
set -eu
policy=/etc/ssh/sshd_config.d/00-amanat.conf
cp -p $policy /run/amanat-break.sshd
sed -i 's/^AllowUsers .*/& technician/' $policy
sshd -t
systemctl reload ssh.service
# undo
mv /run/amanat-break.sshd /etc/ssh/sshd_config.d/00-amanat.conf
systemctl reload ssh.service
