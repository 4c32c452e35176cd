#!/bin/sh
# nginx was started with the TLS library from before an update, lying over the new one in its own mount namespace only: the mapping has the right path and is no deleted file, and drop-in and copy are gone from the machine.
# host: edge
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[edge]
set -eu
umask 022
library=$(readlink -f "$(ldd /usr/sbin/nginx | awk '$1 ~ /^libssl/ { print $3 }')")
[ -f "$library" ]
mkdir /run/library-before
mount -t tmpfs -o mode=755 tmpfs /run/library-before
cp -p "$library" /run/library-before/library
printf '\0' >> /run/library-before/library
start_with amanat-nginx <<EOF
BindReadOnlyPaths=/run/library-before/library:$library
EOF
umount -l /run/library-before
rmdir /run/library-before
# undo
systemctl restart amanat-nginx
