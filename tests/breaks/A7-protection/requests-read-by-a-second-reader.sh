#!/bin/sh
# A second cat, in the same unit's cgroup and of the same account, reads from the pipe of requests and throws away what it gets: about half of what was served is never written down.
# host: edge
# check: policies/article7/test_site_limits.py::test_who_asks_too_much_is_refused_and_nobody_else[https]
set -eu
setsid setpriv --reuid nginx-log --regid nginx-log --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs \
  /usr/bin/cat < /run/amanat-access-log > /dev/null 2>&1 &
reader=$!
echo "$reader" > /run/amanat-break-reader
moved=0
groups=$(find /sys/fs/cgroup -path '*/amanat-access-log.service/cgroup.procs')
for group in $groups; do
  if echo "$reader" > "$group"; then moved=1; fi
done
[ "$moved" = 1 ]
i=0
until [ "$(cat "/proc/$reader/comm")" = cat ]; do
  i=$((i + 1))
  [ "$i" -lt 30 ]
  sleep 1
done
# undo
kill "$(cat /run/amanat-break-reader)" || true
rm /run/amanat-break-reader
