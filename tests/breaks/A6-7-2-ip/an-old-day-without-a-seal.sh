#!/bin/sh
# A day lies there that ended long ago, and was never sealed.
# host: logs
# check: policies/article6/test_log_seals.py::test_days_are_sealed_soon_after_they_ended
# finding: @vault@ 2026-01-01
set -eu
systemctl stop amanat-logs.service
python3 - <<'END'
import json, pathlib
path = pathlib.Path("/var/lib/amanat/logs/@vault@/state.json")
state = json.loads(path.read_text())
state["ended"]["2026-01-01"] = 5
path.write_text(json.dumps(state, separators=(",", ":")))
END
systemctl start amanat-logs.service
# undo
systemctl stop amanat-logs.service
python3 - <<'END'
import json, pathlib
path = pathlib.Path("/var/lib/amanat/logs/@vault@/state.json")
state = json.loads(path.read_text())
state["ended"].pop("2026-01-01")
path.write_text(json.dumps(state, separators=(",", ":")))
END
chown log-collector:log-collector /var/lib/amanat/logs/@vault@/state.json
systemctl start amanat-logs.service
