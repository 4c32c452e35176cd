#!/bin/sh
# The log server's clock was ahead for a moment: what comes is stored in a day of next year, which nobody seals until then.
# host: logs
# check: policies/article6/test_log_seals.py::test_no_day_has_begun_before_its_time
# finding: days that are to come
set -eu
systemctl stop amanat-logs.service
cp --archive /var/lib/amanat/logs/@logs@/state.json /run/amanat-break-state.json
PYTHONPATH=/usr/lib/amanat setpriv --reuid=log-collector --regid=log-collector --clear-groups /usr/bin/python3 -B - << 'END'
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from amanat_host.logs.store import Store
with closing(Store(Path("/var/lib/amanat/logs/@logs@"), Path("/var/lib/amanat/log-seals/@logs@"))) as store:
    store.turn_day(datetime.now(UTC) + timedelta(days=365))
    store.commit()
END
systemctl start amanat-logs.service
# undo
systemctl stop amanat-logs.service
ahead=$(date --utc --date='+365 days' +%Y-%m-%d)
rm -f "/var/lib/amanat/logs/@logs@/$ahead.export"
cp --archive /run/amanat-break-state.json /var/lib/amanat/logs/@logs@/state.json
rm /run/amanat-break-state.json
systemctl start amanat-logs.service
