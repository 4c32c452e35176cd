#!/bin/sh
# A program was written into a package's list, so that it looks like the package's own.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_is_as_the_converge_left_it[store]
# finding: content of package debianutils 
set -eu
printf '#!/bin/sh\n' > /usr/bin/which.real
chmod 755 /usr/bin/which.real
cp -p /var/lib/dpkg/info/debianutils.list /run/kept.list
cp -p /var/lib/dpkg/info/debianutils.md5sums /run/kept.md5sums
echo /usr/bin/which.real >> /var/lib/dpkg/info/debianutils.list
echo "$(md5sum /usr/bin/which.real | cut -d ' ' -f 1)  usr/bin/which.real" >> /var/lib/dpkg/info/debianutils.md5sums
# undo
rm /usr/bin/which.real
mv /run/kept.list /var/lib/dpkg/info/debianutils.list
mv /run/kept.md5sums /var/lib/dpkg/info/debianutils.md5sums
