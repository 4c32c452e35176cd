#!/bin/sh
# A tunnel is needed for a day: options on sshd's command line win over its files.
# host: store
# check: policies/article5/test_access_ssh.py::test_sshd_has_no_options_beside_its_files[store]
set -eu
cat > /etc/systemd/system/ssh.service.d/zz-tunnel.conf <<'END'
[Service]
Environment="SSHD_OPTS=-o DisableForwarding=no -o AllowTcpForwarding=yes"
END
systemctl daemon-reload
systemctl restart ssh.service
# undo
rm /etc/systemd/system/ssh.service.d/zz-tunnel.conf
systemctl daemon-reload
systemctl restart ssh.service
