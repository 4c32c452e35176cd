#!/bin/sh
# Accounts come from the company's directory as well: its administrators are the host's.
# host: vault
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[vault]
# finding: sources of passwd is files sss
set -eu
cp -p /etc/nsswitch.conf /run/amanat-break.nsswitch
sed -i 's/^passwd:.*/& sss/' /etc/nsswitch.conf
# undo
mv /run/amanat-break.nsswitch /etc/nsswitch.conf
