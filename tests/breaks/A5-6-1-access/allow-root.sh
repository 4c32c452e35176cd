#!/bin/sh
# A consultant was given root's own login.
# host: store
# check: policies/article5/test_access_ssh.py::test_sshd_refuses_the_weak_ways_in[store-permitrootlogin-no]
set -eu
policy=/etc/ssh/sshd_config.d/00-amanat.conf
cp -p $policy /run/amanat-break.sshd
sed -i -e 's/^PermitRootLogin .*/PermitRootLogin prohibit-password/' -e 's/^AllowUsers .*/& root/' $policy
sshd -t
systemctl reload ssh.service
# undo
mv /run/amanat-break.sshd /etc/ssh/sshd_config.d/00-amanat.conf
systemctl reload ssh.service
