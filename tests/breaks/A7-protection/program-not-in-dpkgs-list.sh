#!/bin/sh
# An update of nginx's program, three days ago by dpkg's own dates, was left without a restart, and its line taken out of dpkg's list of the package's files, so that nobody counts it as a package's.
# host: edge
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[edge]
set -eu
package=$(dpkg -S /usr/sbin/nginx | cut -d : -f 1)
list=/var/lib/dpkg/info/$package.list
grep -qx /usr/sbin/nginx "$list"
mkdir /run/amanat-break-list
cp -p "$list" /run/amanat-break-list/
cp -p /usr/sbin/nginx /usr/sbin/nginx.dpkg-new
mv -f /usr/sbin/nginx.dpkg-new /usr/sbin/nginx
sed -i '\|^/usr/sbin/nginx$|d' "$list"
touch -d '3 days ago' "$list"
# undo
cp -p /run/amanat-break-list/*.list /var/lib/dpkg/info/
rm -r /run/amanat-break-list
systemctl restart amanat-nginx
