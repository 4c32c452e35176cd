#!/bin/sh
# Going on from host to host should be easy.
# host: store
# check: policies/article7/test_hardening.py::test_ssh_from_a_host_gives_nothing_away
set -eu
cp -p /etc/ssh/ssh_config /run/amanat-break.ssh
sed -i "s/ForwardAgent no/ForwardAgent yes/" /etc/ssh/ssh_config
# undo
cp -p /run/amanat-break.ssh /etc/ssh/ssh_config
rm /run/amanat-break.ssh
