#!/bin/sh
# Whoever comes in by SSH starts, as root, a program that sends a message to a chat.
# host: vault
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[vault]
# finding: session optional pam_exec.so quiet /usr/local/bin/say-who
set -eu
cp -p /etc/pam.d/sshd /run/amanat-break.pam-sshd
echo 'session optional pam_exec.so quiet /usr/local/bin/say-who' >> /etc/pam.d/sshd
# undo
mv /run/amanat-break.pam-sshd /etc/pam.d/sshd
