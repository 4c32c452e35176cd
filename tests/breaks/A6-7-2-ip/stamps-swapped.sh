#!/bin/sh
# The stamps of two machines' sealed days change places.
# host: logs
# check: policies/article5/test_access_log_elsewhere.py::test_sealed_days_are_what_was_sealed
# finding: @vault@: the stamp of record 1 (
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
cd /var/lib/amanat/log-seals
mv @store@/00000001.tsr /run/amanat-break-stamp
mv @vault@/00000001.tsr @store@/00000001.tsr
mv /run/amanat-break-stamp @vault@/00000001.tsr
chown log-sealer:log-collector @store@/00000001.tsr @vault@/00000001.tsr
# undo
cd /var/lib/amanat/log-seals
mv @store@/00000001.tsr /run/amanat-break-stamp
mv @vault@/00000001.tsr @store@/00000001.tsr
mv /run/amanat-break-stamp @vault@/00000001.tsr
chown log-sealer:log-collector @store@/00000001.tsr @vault@/00000001.tsr
