#!/bin/sh
# A node of the machine's disk was made where nobody looks for devices: who reads it reads everything.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects /var/lib/misc/disk: block device 254:0 0644 root root
set -eu
mknod --mode=0644 /var/lib/misc/disk b 254 0
# undo
rm /var/lib/misc/disk
