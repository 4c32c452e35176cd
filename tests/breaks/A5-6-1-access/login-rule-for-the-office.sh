#!/bin/sh
# A rule for the office's network stands before all others; it counts at the next reload.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: login rule 1 of /etc/postgresql/17/main/pg_hba.conf is host
# finding: server: file /etc/postgresql/17/main/pg_hba.conf is changed after it was read
set -eu
sed -i '1i host all all 192.0.2.0/24 scram-sha-256' /etc/postgresql/17/main/pg_hba.conf
# undo
sed -i 1d /etc/postgresql/17/main/pg_hba.conf
systemctl reload postgresql@17-main.service
