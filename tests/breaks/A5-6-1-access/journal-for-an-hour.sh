#!/bin/sh
# From its next start on journald removes what is older than an hour, however much room there is.
# host: logs
# check: policies/article5/test_access_log_elsewhere.py::test_the_journal_outlives_an_outage[logs]
# finding: MaxRetentionSec removes entries that are 1.0 hours old
set -eu
mkdir -p /run/systemd/journald.conf.d
printf '[Journal]\nMaxRetentionSec=1h\n' > /run/systemd/journald.conf.d/zz-hour.conf
# undo
rm -r /run/systemd/journald.conf.d
