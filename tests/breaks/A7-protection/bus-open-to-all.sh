#!/bin/sh
# A rule of the system's bus lets every account own every name.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[vault]
# finding: nobody expects /etc/dbus-1/system.d/zz-local.conf
set -eu
test -d /etc/dbus-1/system.d || { mkdir -p /etc/dbus-1/system.d; touch /run/made-system.d; }
echo '<busconfig><policy context="default"><allow own="org.example.Local"/></policy></busconfig>' > /etc/dbus-1/system.d/zz-local.conf
# undo
rm /etc/dbus-1/system.d/zz-local.conf
if test -e /run/made-system.d; then rm -r /run/made-system.d /etc/dbus-1/system.d; fi
