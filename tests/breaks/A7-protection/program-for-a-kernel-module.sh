#!/bin/sh
# The kernel's wish for a module was turned into a program of root's.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[vault]
# finding: nobody expects /usr/lib/modprobe.d/zz-net.conf
set -eu
mkdir -p /usr/lib/modprobe.d
echo 'install dccp /usr/bin/true' > /usr/lib/modprobe.d/zz-net.conf
# undo
rm /usr/lib/modprobe.d/zz-net.conf
