#!/bin/sh
# The last login at a terminal was cut off the record of logins.
# host: vault
# check: policies/article5/test_access_history.py::test_records_of_logins_agree_with_the_journal[vault]
# finding: is not in wtmp
set -eu
cp -p /var/log/wtmp /run/amanat-break.wtmp
truncate -s -384 /var/log/wtmp
# undo
cp -p /run/amanat-break.wtmp /var/log/wtmp
rm /run/amanat-break.wtmp
