#!/bin/sh
# Somebody with the log server's rights makes one stored line into a copy of another, and leaves the file's length as it was.
# host: logs
# check: policies/article5/test_access_log_elsewhere.py::test_what_is_stored_is_what_came[store]
# finding: are gone
set -eu
systemctl stop amanat-logs.service
cd /var/lib/amanat/logs/@store@
file=$(find . -name '*.export' | sort | head -n 1)
cp -p "$file" /run/amanat-break-day
number=$(grep --text --max-count=30 '^__SEQNUM=[0-9]*[0-8]$' "$file" | tail -n 1)
other=${number%?}9
sed -i "s/^$number\$/$other/" "$file"
chown log-collector:log-collector "$file"
chmod 0640 "$file"
systemctl start amanat-logs.service
# undo
systemctl stop amanat-logs.service
cd /var/lib/amanat/logs/@store@
file=$(find . -name '*.export' | sort | head -n 1)
now=$(stat --format=%s /run/amanat-break-day)
tail --bytes="+$((now + 1))" "$file" > /run/amanat-break-rest
cat /run/amanat-break-day /run/amanat-break-rest > /run/amanat-break-whole
cat /run/amanat-break-whole > "$file"
rm /run/amanat-break-day /run/amanat-break-rest /run/amanat-break-whole
systemctl start amanat-logs.service
