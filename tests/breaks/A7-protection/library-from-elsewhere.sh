#!/bin/sh
# The linker was told to look into a directory of somebody's own first.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects /etc/ld.so.conf.d/00-local.conf
# finding: nobody expects library libz.so.1
set -eu
mkdir /opt/lib
cp /usr/lib/*-linux-gnu/libz.so.1 /opt/lib/libz.so.1
echo /opt/lib > /etc/ld.so.conf.d/00-local.conf
ldconfig
# undo
rm /etc/ld.so.conf.d/00-local.conf
rm -r /opt/lib
ldconfig
