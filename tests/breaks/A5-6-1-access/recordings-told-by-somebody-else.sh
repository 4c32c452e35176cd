#!/bin/sh
# What sends recordings is replaced by a unit of another name that sends harmless ones in the same form.
# host: store
# check: policies/article5/test_access_recordings.py::test_what_was_done_as_root_is_stored_as_it_was_recorded[store]
set -eu
systemctl stop amanat-recordings.service
cp -pR /var/lib/amanat/recordings /run/amanat-break.notes
systemd-run --quiet --unit=amanat-break-recordings /usr/lib/amanat/recordings-send --journal-mib 2048
runuser -u deploy -- sudo -n id > /dev/null
# undo
systemctl stop amanat-break-recordings.service
rm -r /var/lib/amanat/recordings
mv /run/amanat-break.notes /var/lib/amanat/recordings
systemctl start amanat-recordings.service
