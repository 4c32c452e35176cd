#!/bin/sh
# What sends recordings elsewhere sees none of one account: where they lie, its unit has an empty directory.
# host: vault
# check: policies/article5/test_access_recordings.py::test_what_was_done_as_root_is_stored_as_it_was_recorded[vault]
# finding: is stored nowhere else
set -eu
mkdir -p /run/systemd/system/amanat-recordings.service.d
printf '[Service]\nTemporaryFileSystem=/var/log/sudo-io/deploy:ro\n' \
    > /run/systemd/system/amanat-recordings.service.d/break.conf
systemctl daemon-reload
systemctl restart amanat-recordings.service
runuser -u deploy -- sudo -n id > /dev/null
# undo
rm -r /run/systemd/system/amanat-recordings.service.d
systemctl daemon-reload
systemctl restart amanat-recordings.service
