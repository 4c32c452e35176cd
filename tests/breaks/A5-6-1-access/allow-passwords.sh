#!/bin/sh
# An administrator who lost a key lets passwords in, "just for today".
# host: store
# check: policies/article5/test_access_ssh.py::test_a_stranger_is_offered_keys_only[store-root]
set -eu
policy=/etc/ssh/sshd_config.d/00-amanat.conf
cp -p $policy /run/amanat-break.sshd
sed -i -e 's/^PasswordAuthentication .*/PasswordAuthentication yes/' -e 's/^AuthenticationMethods .*/AuthenticationMethods any/' $policy
sshd -t
systemctl reload ssh.service
# undo
mv /run/amanat-break.sshd /etc/ssh/sshd_config.d/00-amanat.conf
systemctl reload ssh.service
