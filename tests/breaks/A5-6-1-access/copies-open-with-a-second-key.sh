#!/bin/sh
# Whoever may not know the password of the store's copies gave them a second one.
# host: vault
# check: policies/article5/test_access_copies.py::test_copies_have_one_key
set -eu
mkdir -m 0711 /run/amanat-break.copies
echo mine > /run/amanat-break.copies/password
ls /var/lib/amanat/copies/store/keys > /run/amanat-break.copies/keys
cd /
runuser -u restic-rest-server -- restic --quiet --no-cache --repo /var/lib/amanat/copies/store \
    --password-file /etc/amanat/copies/keys/store key add --new-password-file /run/amanat-break.copies/password
# undo
cd /var/lib/amanat/copies/store/keys
ls | grep -vxFf /run/amanat-break.copies/keys | xargs rm
rm -r /run/amanat-break.copies
