#!/bin/sh
# A client's certificate had expired, so the rule was relaxed.
# host: store
# check: policies/article5/test_access_login.py::test_a_login_that_lacks_one_thing_is_refused[none-]
set -eu
hba=/etc/postgresql/17/main/pg_hba.conf
cp -p $hba /run/amanat-break.hba
sed -i '1i hostssl archive archive_writer all scram-sha-256' $hba
systemctl reload postgresql@17-main.service
# undo
cp -p /run/amanat-break.hba /etc/postgresql/17/main/pg_hba.conf
rm /run/amanat-break.hba
systemctl reload postgresql@17-main.service
