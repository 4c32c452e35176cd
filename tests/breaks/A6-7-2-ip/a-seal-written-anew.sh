#!/bin/sh
# A sealed day's record says another number of entries, and its stamp is the old one.
# host: logs
# check: policies/article5/test_access_log_elsewhere.py::test_sealed_days_are_what_was_sealed
# finding: @logs@: the stamp of record 1 (
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
cd /var/lib/amanat/log-seals/@logs@
cp -p 00000001.json /run/amanat-break-record
sed -i 's/"entries":\([0-9]*\)/"entries":1\1/' 00000001.json
chown log-sealer:log-collector 00000001.json
# undo
cp -p /run/amanat-break-record /var/lib/amanat/log-seals/@logs@/00000001.json
rm /run/amanat-break-record
