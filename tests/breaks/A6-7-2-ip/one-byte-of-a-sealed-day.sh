#!/bin/sh
# One byte of a day that was sealed is another.
# host: logs
# check: policies/article5/test_access_log_elsewhere.py::test_sealed_days_are_what_was_sealed
# finding: are not those that were sealed
set -eu
if [ ! -e /var/lib/amanat/log-seals/@store@/00000001.tsr ]; then
  # The day ends a few hours early, and is sealed.
  systemctl stop amanat-logs.service
  setpriv --reuid=log-collector --regid=log-collector --clear-groups python3 -IB - <<'END'
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
sys.path.insert(0, "/usr/lib/amanat")
from amanat_host.logs.store import Store
for machine in sorted(Path("/var/lib/amanat/logs").iterdir()):
    with closing(Store(machine, Path("/var/lib/amanat/log-seals") / machine.name)) as store:
        store.turn_day(datetime.now(UTC) + timedelta(days=1))
        store.commit()
END
  systemctl start amanat-logs.service
  systemctl start amanat-log-seal.service
fi
cd /var/lib/amanat/log-seals/@store@
file=$(find . -name '*.export.gz' | sort | head -n 1)
cp -p "$file" /run/amanat-break-sealed
old=$(od --skip-bytes=1000 --read-bytes=1 --address-radix=n --format=u1 "$file" | tr -d ' ')
printf "%b" "\\0$(printf "%03o" $((old ^ 1)))" | dd of="$file" bs=1 seek=1000 conv=notrunc status=none
# undo
cd /var/lib/amanat/log-seals/@store@
file=$(find . -name '*.export.gz' | sort | head -n 1)
cp -p /run/amanat-break-sealed "$file"
rm /run/amanat-break-sealed
