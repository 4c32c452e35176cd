#!/bin/sh
# What a command printed as root was replaced in its recording by something harmless.
# host: store
# check: policies/article5/test_access_history.py::test_every_session_as_root_is_on_record[store]
# finding: is not as long as it was recorded
set -eu
runuser -u deploy -- sudo -n cat /etc/passwd > /dev/null
recording=$(find /var/log/sudo-io/deploy -mindepth 3 -maxdepth 3 -type d -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)
name=deploy/$(echo "${recording#/var/log/sudo-io/deploy/}" | tr -d /)
until journalctl --quiet --since=-1min --output=cat "AMANAT_RECORDING=$name" AMANAT_LAST=recorded | grep -q .; do sleep 0.2; done
echo "$recording" > /run/amanat-break.rewritten-place
cp -p "$recording/stdout" /run/amanat-break.rewritten
echo 'nothing to see' | gzip > "$recording/stdout"
touch -r /run/amanat-break.rewritten "$recording/stdout"
# undo
cp -p /run/amanat-break.rewritten "$(cat /run/amanat-break.rewritten-place)/stdout"
rm /run/amanat-break.rewritten /run/amanat-break.rewritten-place
