#!/bin/sh
# A library's link, which dpkg has no digest of, leads to a copy that somebody may change.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[vault]
# finding: /libz.so.1: link root root -> /opt/libz.so.1
set -eu
library=$(echo /usr/lib/*-linux-gnu/libz.so.1)
cp "$library" /opt/libz.so.1
readlink "$library" > /run/kept.link
ln -sfn /opt/libz.so.1 "$library"
# undo
ln -sfn "$(cat /run/kept.link)" /usr/lib/*-linux-gnu/libz.so.1
rm /opt/libz.so.1 /run/kept.link
