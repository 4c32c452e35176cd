#!/bin/sh
# The firewall's file was opened by hand, to be loaded at the next boot.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_is_as_the_converge_left_it[store]
# finding: content of /etc/nftables.conf is 
set -eu
cp -p /etc/nftables.conf /run/kept.nftables
echo '# add rule inet filter input tcp dport 8080 accept' >> /etc/nftables.conf
# undo
cp -p /run/kept.nftables /etc/nftables.conf
rm /run/kept.nftables
