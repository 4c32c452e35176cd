#!/bin/sh
# Somebody raised the limits because a script often failed to log in.
# host: store
# check: policies/article5/test_access_ssh.py::test_sshd_gives_guessing_an_end[store-logingracetime-login_grace_seconds]
set -eu
policy=/etc/ssh/sshd_config.d/00-amanat.conf
cp -p $policy /run/amanat-break.sshd
sed -i -e 's/^MaxAuthTries .*/MaxAuthTries 50/' -e 's/^LoginGraceTime .*/LoginGraceTime 0/' $policy
sshd -t
systemctl reload ssh.service
# undo
mv /run/amanat-break.sshd /etc/ssh/sshd_config.d/00-amanat.conf
systemctl reload ssh.service
