#!/bin/sh
# The line that counts wrong passwords ends the lock after a minute, whatever the file says.
# host: vault
# check: policies/article5/test_access_passwords.py::test_wrong_passwords_lock_the_account[vault]
set -eu
cp -p /etc/pam.d/common-auth /run/amanat-break.pam
sed -i 's/pam_faillock.so preauth/& unlock_time=60/' /etc/pam.d/common-auth
# undo
cp -p /run/amanat-break.pam /etc/pam.d/common-auth
rm /run/amanat-break.pam
