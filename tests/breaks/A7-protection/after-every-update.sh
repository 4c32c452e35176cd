#!/bin/sh
# A line of apt's runs a program after every update, also those that come by night.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects /etc/apt/apt.conf.d/99zz-local
set -eu
echo 'DPkg::Post-Invoke {"/usr/bin/true";};' > /etc/apt/apt.conf.d/99zz-local
# undo
rm /etc/apt/apt.conf.d/99zz-local
