"""Write into the file of anchors that a backup was put back: heads above the given one are gone for a reason.

Every head up to it stays binding: the next look and every audit compare it with the chain.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from amanat_host.anchors.history import FILE, Anchors, locked
from amanat_host.entry import program
from amanat_host.json_lines import append


@program
def main() -> None:
    """Append one line and make it last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seq", type=int, required=True, help="the head of the restored chain")
    parser.add_argument("--hash", required=True)
    parser.add_argument("--target-time", required=True, help="the time that was asked for, or latest")
    parser.add_argument("--reason", required=True)
    given = parser.parse_args()
    line = {
        "kind": "restored",
        "at": datetime.now(UTC).isoformat(),
        "seq": given.seq,
        "hash": given.hash,
        "target_time": given.target_time,
        "reason": given.reason,
    }
    with locked(FILE):
        append(FILE, Anchors.read(FILE).following(line))
