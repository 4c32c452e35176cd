#!/bin/sh
# A package's script, which root runs at its next update, was given a line more.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_is_as_the_converge_left_it[store]
# finding: content of package base-files 
set -eu
f=/var/lib/dpkg/info/base-files.postinst
cp -p "$f" /run/kept.postinst
echo true >> "$f"
# undo
mv /run/kept.postinst /var/lib/dpkg/info/base-files.postinst
