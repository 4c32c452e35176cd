#!/bin/sh
# Somebody locked himself out, and wrong passwords lock nobody any more.
# host: store
# check: policies/article5/test_access_passwords.py::test_wrong_passwords_lock_the_account[store]
set -eu
cp -p /etc/security/faillock.conf /run/amanat-break.conf
sed -i 's/^deny = .*/deny = 0/' /etc/security/faillock.conf
# undo
cp -p /run/amanat-break.conf /etc/security/faillock.conf
rm /run/amanat-break.conf
