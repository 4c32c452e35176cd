#!/bin/sh
# A stretch of the night was taken out of what is stored, and the log server's notes were made to say that it was lost.
# host: logs
# check: policies/article5/test_access_log_elsewhere.py::test_no_line_is_missing[store]
# finding: entries that the machine no longer has
set -eu
systemctl stop amanat-logs.service
cp -p /var/lib/amanat/logs/@store@/state.json /run/amanat-break-state.json
python3 - <<'END'
import json, pathlib
path = pathlib.Path("/var/lib/amanat/logs/@store@/state.json")
state = json.loads(path.read_text())
hole = {"first": 5, "last": 9, "found_at": "2026-01-01T00:00:00+00:00", "lost_at": "2026-01-01T00:00:00+00:00", "attempts": 3}
state["numberings"][-1]["holes"].append(hole)
path.write_text(json.dumps(state, separators=(",", ":")))
END
systemctl start amanat-logs.service
# undo
systemctl stop amanat-logs.service
python3 - <<'END'
import json, pathlib
path = pathlib.Path("/var/lib/amanat/logs/@store@/state.json")
state = json.loads(path.read_text())
state["numberings"][-1]["holes"] = [hole for hole in state["numberings"][-1]["holes"] if hole["first"] != 5]
path.write_text(json.dumps(state, separators=(",", ":")))
END
chown log-collector:log-collector /var/lib/amanat/logs/@store@/state.json
rm /run/amanat-break-state.json
systemctl start amanat-logs.service
