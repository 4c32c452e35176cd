#!/bin/sh
# journald was started with an eighth of its room, and its files were put back: nobody would see it until an outage.
# host: vault
# check: policies/article5/test_access_log_elsewhere.py::test_the_journal_outlives_an_outage[vault]
# finding: journald as it runs leaves the journal 256 of
set -eu
mkdir -p /run/systemd/journald.conf.d
printf '[Journal]\nSystemMaxUse=256M\n' > /run/systemd/journald.conf.d/zz-small.conf
systemctl restart systemd-journald.service
rm -r /run/systemd/journald.conf.d
# undo
systemctl restart systemd-journald.service
