#!/bin/sh
# journald was started with a level below which it keeps nothing, logins among it, and its files were put back.
# host: vault
# check: policies/article5/test_access_history.py::test_records_of_logins_agree_with_the_journal[vault]
# finding: is logged in, and not in the journal
set -eu
mkdir -p /run/systemd/journald.conf.d
printf '[Journal]\nMaxLevelStore=notice\n' > /run/systemd/journald.conf.d/zz-level.conf
systemctl restart systemd-journald.service
rm -r /run/systemd/journald.conf.d
# undo
systemctl restart systemd-journald.service
