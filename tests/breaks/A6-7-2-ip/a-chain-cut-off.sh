#!/bin/sh
# A machine's newest sealed days were taken away with their seals and stamps.
# host: logs
# check: policies/article6/test_log_seals.py::test_every_day_that_was_stamped_is_there
# finding: that are gone
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
mkdir -m 0700 /run/amanat-break-chain
mv /var/lib/amanat/log-seals/@store@/* /run/amanat-break-chain/
# undo
mv /run/amanat-break-chain/* /var/lib/amanat/log-seals/@store@/
rmdir /run/amanat-break-chain
