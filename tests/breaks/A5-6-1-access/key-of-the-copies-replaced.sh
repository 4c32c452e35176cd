#!/bin/sh
# The key of the store's copies was exchanged for one that opens with another password.
# host: vault
# check: policies/article5/test_access_history.py::test_every_key_and_journal_is_the_converges[vault]
# finding: of the copies of @store@
set -eu
mkdir -m 0711 /run/amanat-break.key
echo mine > /run/amanat-break.key/password
cp -pR /var/lib/amanat/copies/@store@/keys /run/amanat-break.key/keys
cd /
runuser -u restic-rest-server -- restic --quiet --no-cache --repo /var/lib/amanat/copies/@store@ \
    --password-file /etc/amanat/copies/keys/@store@ key add --new-password-file /run/amanat-break.key/password
for key in /run/amanat-break.key/keys/*; do
    rm "/var/lib/amanat/copies/@store@/keys/$(basename "$key")"
done
# undo
find /var/lib/amanat/copies/@store@/keys -type f -delete
cp -p /run/amanat-break.key/keys/* /var/lib/amanat/copies/@store@/keys/
rm -r /run/amanat-break.key
