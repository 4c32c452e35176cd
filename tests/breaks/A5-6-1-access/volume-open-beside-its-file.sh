#!/bin/sh
# The device under the archive's volume may be read by every account.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: 0666 root root
set -eu
device=$(findmnt -n -o SOURCE /srv/archive)
stat -c %a "$device" > /run/mode-of-device
chmod 0666 "$device"
# undo
device=$(findmnt -n -o SOURCE /srv/archive)
chmod "$(cat /run/mode-of-device)" "$device"
rm /run/mode-of-device
