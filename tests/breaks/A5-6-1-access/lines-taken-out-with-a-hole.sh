#!/bin/sh
# Lines of today are taken out of what is stored, and the collector's state says that they never came.
# host: logs
# check: policies/article5/test_access_log_elsewhere.py::test_what_is_stored_is_what_the_machine_logged[vault]
# finding: entries that the machine has are not stored
set -eu
systemctl stop amanat-logs.service
mkdir -m 0700 /run/amanat-break-stored
cp --archive /var/lib/amanat/logs/@vault@/. /run/amanat-break-stored/
PYTHONPATH=/usr/lib/amanat /usr/bin/python3 -B - << 'END'
import json
from pathlib import Path
from amanat_host.logs.stored_entries import read_entries
place = Path("/var/lib/amanat/logs/@vault@")
state = json.loads((place / "state.json").read_text())
path = place / f"{state['day']}.export"
entries = list(read_entries(path, 0, state["length"]))
middle = len(entries) // 2
gone = entries[middle : middle + 10]
first, last = gone[0].number, gone[-1].number
numbering = next(one for one in state["numberings"] if one["id"] == gone[0].numbering)
numbering["holes"].append({"first": first, "last": last, "found_at": "2026-01-01T00:00:00+00:00",
                           "lost_at": "2026-01-01T00:00:00+00:00", "attempts": 3, "merged": last - first + 1})
taken = sum(len(one.raw) for one in gone)
for point in state["recent"]:
    if point["day"] == state["day"] and point["number"] > last:
        point["offset"] -= taken
state["length"] -= taken
state["entries"] -= len(gone)
with path.open("r+b") as file:
    file.write(b"".join(one.raw for one in entries if one not in gone))
    file.truncate()
with (place / "state.json").open("r+") as file:
    file.write(json.dumps(state))
    file.truncate()
END
systemctl start amanat-logs.service
# undo
systemctl stop amanat-logs.service
cp --archive /run/amanat-break-stored/. /var/lib/amanat/logs/@vault@/
rm -r /run/amanat-break-stored
systemctl start amanat-logs.service
