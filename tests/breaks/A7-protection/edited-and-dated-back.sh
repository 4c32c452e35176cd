#!/bin/sh
# Somebody edited the resolver's order by hand and set the file's time back to a year ago.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_is_as_the_converge_left_it[store]
# finding: content of /etc/nsswitch.conf is sha256:
set -eu
cp -p /etc/nsswitch.conf /run/kept.nsswitch
echo '# edited' >> /etc/nsswitch.conf
touch -d '2025-11-26 03:00' /etc/nsswitch.conf
# undo
cp -p /run/kept.nsswitch /etc/nsswitch.conf
rm /run/kept.nsswitch
