#!/bin/sh
# A recording is there, with its old time; what the command printed was cut off.
# host: store
# check: policies/article5/test_access_history.py::test_every_session_as_root_is_on_record[store]
# finding: can't be read
set -eu
runuser -u deploy -- sudo -n cat /etc/hostname > /dev/null
recording=$(find /var/log/sudo-io/deploy -mindepth 3 -maxdepth 3 -type d -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)
name=deploy/$(echo "${recording#/var/log/sudo-io/deploy/}" | tr -d /)
until journalctl --quiet --since=-1min --output=cat "AMANAT_RECORDING=$name" AMANAT_LAST=recorded | grep -q .; do sleep 0.2; done
echo "$recording" > /run/amanat-break.emptied-place
cp -p "$recording/stdout" /run/amanat-break.emptied
: > "$recording/stdout"
touch -r /run/amanat-break.emptied "$recording/stdout"
# undo
cp -p /run/amanat-break.emptied "$(cat /run/amanat-break.emptied-place)/stdout"
rm /run/amanat-break.emptied /run/amanat-break.emptied-place
