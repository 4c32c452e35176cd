#!/bin/sh
# The file of a sealed day is gone; its seal is not.
# host: logs
# check: policies/article5/test_access_log_elsewhere.py::test_sealed_days_are_what_was_sealed
# finding: no sealed file, and no purge of it
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
cd /var/lib/amanat/log-seals/@vault@
file=$(find . -name '*.export.gz' | sort | head -n 1)
mv "$file" "/run/amanat-break-${file#./}"
# undo
mv /run/amanat-break-*.export.gz /run/amanat-break-day.gz
cd /var/lib/amanat/log-seals/@vault@
day=$(sed 's/.*"day":"\([-0-9]*\)".*/\1/' 00000001.json)
mv /run/amanat-break-day.gz "$day.export.gz"
