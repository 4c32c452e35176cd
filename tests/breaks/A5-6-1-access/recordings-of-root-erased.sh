#!/bin/sh
# What was done as root is recorded nowhere any more: the recordings were erased.
# host: vault
# check: policies/article5/test_access_history.py::test_every_session_as_root_is_on_record[vault]
set -eu
runuser -u deploy -- sudo -n uptime > /dev/null
cp -pR /var/log/sudo-io /run/amanat-break.recordings
find /var/log/sudo-io -mindepth 2 -maxdepth 2 -type d -exec rm -r {} +
# undo
for account in /run/amanat-break.recordings/*; do
    cp -pR "$account"/?? "/var/log/sudo-io/${account##*/}/"  # without `seq`: no number is given twice
done
rm -r /run/amanat-break.recordings
