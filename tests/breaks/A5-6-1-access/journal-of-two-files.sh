#!/bin/sh
# From its next start on journald keeps two files of its journal, so that each restart of the machine costs one.
# host: store
# check: policies/article5/test_access_log_elsewhere.py::test_the_journal_outlives_an_outage[store]
# finding: SystemMaxFiles leaves the journal 32 of
set -eu
mkdir -p /run/systemd/journald.conf.d
printf '[Journal]\nSystemMaxFiles=2\n' > /run/systemd/journald.conf.d/zz-files.conf
# undo
rm -r /run/systemd/journald.conf.d
