#!/bin/sh
# One account was given tunnels for a migration, by a group that it is in.
# host: vault
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[vault]
# finding: nobody expects sshd for deploy: disableforwarding
# finding: sshd block: Match Group deploy
set -eu
policy=/etc/ssh/sshd_config.d/00-amanat.conf
cp -p $policy /run/amanat-break.tunnels
printf 'Match Group deploy\n  DisableForwarding no\n  AllowTcpForwarding yes\n' >> $policy
sshd -t
systemctl reload ssh.service
# undo
mv /run/amanat-break.tunnels /etc/ssh/sshd_config.d/00-amanat.conf
systemctl reload ssh.service
