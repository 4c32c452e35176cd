#!/bin/sh
# A former engineer left a key of his own with the account that may do everything.
# host: vault
# check: policies/article5/test_access_ssh.py::test_each_account_has_one_key[vault]
set -eu
keys=/etc/ssh/authorized_keys.d/deploy
cp -p $keys /run/amanat-break.keys
cat /run/amanat-break.keys /etc/ssh/authorized_keys.d/auditor > $keys
# undo
mv /run/amanat-break.keys /etc/ssh/authorized_keys.d/deploy
