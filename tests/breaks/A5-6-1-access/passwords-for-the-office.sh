#!/bin/sh
# Who comes from the office's network may use a password: a block of sshd's settings that counts for nobody else.
# host: store
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[store]
# finding: sshd block: Match Address 203.0.113.0/24: PasswordAuthentication yes
set -eu
policy=/etc/ssh/sshd_config.d/00-amanat.conf
cp -p $policy /run/amanat-break.office
printf 'Match Address 203.0.113.0/24\n  PasswordAuthentication yes\n  AuthenticationMethods any\n' >> $policy
sshd -t
systemctl reload ssh.service
# undo
mv /run/amanat-break.office /etc/ssh/sshd_config.d/00-amanat.conf
systemctl reload ssh.service
