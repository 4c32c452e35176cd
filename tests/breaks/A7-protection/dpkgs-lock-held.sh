#!/bin/sh
# A process that does nothing holds dpkg's lock: whatever restarts outdated services takes it for an installation that runs, and leaves all as it is, for ever.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
set -eu
systemd-run --quiet --collect --unit=package-inventory --service-type=exec /usr/bin/python3 -c '
import fcntl, os
for name in ("lock-frontend", "lock"):
    held = os.open("/var/lib/dpkg/" + name, os.O_RDWR | os.O_CREAT, 0o640)
    fcntl.lockf(held, fcntl.LOCK_EX)
    os.set_inheritable(held, True)
os.execv("/usr/bin/sleep", ["sleep", "infinity"])
'
i=0
until [ "$(cat "/proc/$(systemctl show --value --property=MainPID package-inventory.service)/comm")" = sleep ]; do
  i=$((i + 1))
  [ "$i" -lt 120 ]
  sleep 1
done
# undo
systemctl stop package-inventory.service
