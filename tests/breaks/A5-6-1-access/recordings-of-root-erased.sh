#!/bin/sh
# What was done as root is recorded nowhere any more: the recordings were erased.
# host: vault
# check: policies/article5/test_access_history.py::test_every_session_as_root_is_on_record[vault]
set -eu
runuser -u deploy -- sudo -n uptime > /dev/null
cp -pR /var/log/sudo-io /run/amanat-break.recordings
find /var/log/sudo-io -mindepth 2 -maxdepth 2 -type d -exec rm -r {} +
# undo
cp -pR /run/amanat-break.recordings/. /var/log/sudo-io/
rm -r /run/amanat-break.recordings
