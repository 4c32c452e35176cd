#!/bin/sh
# Someone raised the limits because a script often failed to log in.
# host: store
set -eu
cat > /etc/ssh/sshd_config.d/00-access.conf <<'END'
MaxAuthTries 50
LoginGraceTime 0
END
systemctl reload ssh.service
# undo
rm /etc/ssh/sshd_config.d/00-access.conf
systemctl reload ssh.service
