#!/bin/sh
# The records of logins were emptied.
# host: store
# check: policies/article5/test_access_history.py::test_records_of_logins_agree_with_the_journal[store]
# finding: is not in wtmp
set -eu
mkdir -m 0700 /run/amanat-break.logins
for name in wtmp wtmp.db lastlog; do
    cp -p "/var/log/$name" /run/amanat-break.logins/
    : > "/var/log/$name"
done
# undo
for name in wtmp wtmp.db lastlog; do
    cp -p "/run/amanat-break.logins/$name" "/var/log/$name"
done
rm -r /run/amanat-break.logins
