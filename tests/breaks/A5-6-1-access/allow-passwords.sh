#!/bin/sh
# An administrator who lost a key lets passwords in, "just for today".
# host: store
set -eu
cat > /etc/ssh/sshd_config.d/00-access.conf <<'END'
PasswordAuthentication yes
AuthenticationMethods any
END
systemctl reload ssh.service
# undo
rm /etc/ssh/sshd_config.d/00-access.conf
systemctl reload ssh.service
