#!/bin/sh
# A device that is plugged in would start a program of root's.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects /etc/udev/rules.d/99-usb.rules
set -eu
test -d /etc/udev/rules.d || { mkdir -p /etc/udev/rules.d; touch /run/made-rules.d; }
echo 'ACTION=="add", RUN+="/usr/bin/true"' > /etc/udev/rules.d/99-usb.rules
# undo
rm /etc/udev/rules.d/99-usb.rules
if test -e /run/made-rules.d; then rm -r /run/made-rules.d /etc/udev/rules.d; rmdir /etc/udev 2>/dev/null || true; fi
