#!/bin/sh
# An administrator installed a package of his own, with all its files in dpkg's lists.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[vault]
# finding: nobody expects package helper: install ok installed
set -eu
mkdir -p /run/helper/DEBIAN /run/helper/usr/bin
printf 'Package: helper\nVersion: 1\nArchitecture: all\nMaintainer: x <x@localhost>\nDescription: x\n' > /run/helper/DEBIAN/control
printf '#!/bin/sh\n' > /run/helper/usr/bin/helper
chmod 755 /run/helper/usr/bin/helper
dpkg-deb --build /run/helper /run/helper.deb > /dev/null
dpkg --install /run/helper.deb > /dev/null
# undo
dpkg --purge helper > /dev/null
rm -r /run/helper /run/helper.deb
