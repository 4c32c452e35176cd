#!/bin/sh
# A password for a guest had to be easy to remember, so a file beside ours takes eight characters.
# host: vault
# check: policies/article5/test_access_passwords.py::test_no_short_password_is_taken[vault]
set -eu
echo 'minlen = 8' > /etc/security/pwquality.conf.d/guests.conf
# undo
rm /etc/security/pwquality.conf.d/guests.conf
