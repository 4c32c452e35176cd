"""Write down how a restore drill ended: a line in a file that only grows, and a metric for the node exporter.

The drill's result comes on standard input as JSON.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from amanat_host.entry import program
from amanat_host.json_lines import append

FILE = Path("/var/lib/amanat/drills/drills.jsonl")
METRICS = Path("/var/lib/amanat/drills/metrics.prom")
GAUGES = {
    "loss_seconds": "Seconds of writes that a lost store would have cost.",
    "restore_seconds": "Seconds from the start of the restore to a verified archive.",
    "bytes": "Size of the restored database in bytes.",
    "records": "Records in the restored chain.",
    "passed": "Whether the last drill proved the backups.",
    "time_seconds": "When the last drill ended, in seconds since 1970.",
}


def metrics(line: dict[str, object]) -> str:
    """The last drill in Prometheus' text format."""
    ended = datetime.fromisoformat(str(line["at"])).timestamp()
    values = {**line, "passed": int(bool(line["passed"])), "time_seconds": round(ended)}
    texts = [
        f"# HELP amanat_drill_{name} {meaning}\n# TYPE amanat_drill_{name} gauge\namanat_drill_{name} {values[name]}\n"
        for name, meaning in GAUGES.items()
    ]
    return "".join(texts)


@program
def main() -> None:
    """Append, and replace the metrics."""
    line = {"at": datetime.now(UTC).isoformat(), **json.load(sys.stdin)}
    FILE.parent.mkdir(mode=0o755, exist_ok=True)
    append(FILE, line)
    draft = METRICS.with_suffix(".new")
    draft.write_text(metrics(line))
    draft.chmod(0o644)
    draft.replace(METRICS)
