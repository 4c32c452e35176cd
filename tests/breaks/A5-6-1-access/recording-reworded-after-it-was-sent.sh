#!/bin/sh
# What a command printed as root was replaced by other words of the same length, once it was sent.
# host: logs
# check: policies/article5/test_access_recordings.py::test_what_was_done_as_root_is_stored_as_it_was_recorded[logs]
# finding: is stored otherwise than it is recorded
set -eu
runuser -u deploy -- sudo -n cat /etc/hostname > /dev/null
recording=$(find /var/log/sudo-io/deploy -mindepth 3 -maxdepth 3 -type d -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)
name=deploy/$(echo "${recording#/var/log/sudo-io/deploy/}" | tr -d /)
until journalctl --quiet --since=-1min --output=cat "AMANAT_RECORDING=$name" AMANAT_LAST=recorded | grep -q .; do sleep 0.2; done
echo "$recording" > /run/amanat-break.reworded-place
cp -p "$recording/stdout" /run/amanat-break.reworded
zcat /run/amanat-break.reworded | sed 's/[a-z]/x/g' | gzip > "$recording/stdout"
touch -r /run/amanat-break.reworded "$recording/stdout"
# undo
cp -p /run/amanat-break.reworded "$(cat /run/amanat-break.reworded-place)/stdout"
rm /run/amanat-break.reworded /run/amanat-break.reworded-place
