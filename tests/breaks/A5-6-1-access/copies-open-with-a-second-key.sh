#!/bin/sh
# Whoever may not know the password of the store's copies gave them a second one.
# host: vault
# check: policies/article5/test_access_copies.py::test_copies_have_one_key
set -eu
mkdir -m 0711 /run/amanat-break.copies
echo mine > /run/amanat-break.copies/password
cp -pR /var/lib/amanat/copies/@store@/keys /run/amanat-break.copies/keys
cd /
runuser -u restic-rest-server -- restic --quiet --no-cache --repo /var/lib/amanat/copies/@store@ \
    --password-file /etc/amanat/copies/keys/@store@ key add --new-password-file /run/amanat-break.copies/password
# undo
find /var/lib/amanat/copies/@store@/keys -type f -delete
cp -p /run/amanat-break.copies/keys/* /var/lib/amanat/copies/@store@/keys/
rm -r /run/amanat-break.copies
