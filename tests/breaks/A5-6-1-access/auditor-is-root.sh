#!/bin/sh
# The auditor complained about missing rights and got them all.
# host: store
set -eu
echo 'auditor ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/zz-auditor
chmod 0440 /etc/sudoers.d/zz-auditor
# undo
rm /etc/sudoers.d/zz-auditor
