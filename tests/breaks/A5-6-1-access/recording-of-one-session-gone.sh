#!/bin/sh
# Of all recordings of what was done as root, one is gone.
# host: store
# check: policies/article5/test_access_history.py::test_every_session_as_root_is_on_record[store]
# finding: is gone
set -eu
runuser -u deploy -- sudo -n id > /dev/null
newest=$(find /var/log/sudo-io/deploy -mindepth 3 -maxdepth 3 -type d -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)
name=deploy/$(echo "${newest#/var/log/sudo-io/deploy/}" | tr -d /)
until journalctl --quiet --since=-1min --output=cat "AMANAT_RECORDING=$name" AMANAT_LAST=recorded | grep -q .; do sleep 0.2; done
echo "$newest" > /run/amanat-break.recording-place
mv "$newest" /run/amanat-break.recording
# undo
mv /run/amanat-break.recording "$(cat /run/amanat-break.recording-place)"
rm /run/amanat-break.recording-place
