#!/bin/sh
# A recording of a session that never was lies among the others.
# host: vault
# check: policies/article5/test_access_history.py::test_every_session_as_root_is_on_record[vault]
# finding: is told by no line of the journal
set -eu
umask 077
mkdir -p /var/log/sudo-io/deploy/ZZ/ZZ/ZZ
date +%s:deploy:root::unknown:24:80 -d '-1 minute' > /var/log/sudo-io/deploy/ZZ/ZZ/ZZ/log
# undo
rm -r /var/log/sudo-io/deploy/ZZ
