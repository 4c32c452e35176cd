#!/bin/sh
# A consultant was given root's own login.
# host: store
set -eu
cat > /etc/ssh/sshd_config.d/00-access.conf <<'END'
PermitRootLogin yes
END
systemctl reload ssh.service
# undo
rm /etc/ssh/sshd_config.d/00-access.conf
systemctl reload ssh.service
