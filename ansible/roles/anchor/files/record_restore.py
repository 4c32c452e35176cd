#!/usr/bin/python3 -B
"""Write into the file of anchors that a backup was put back: heads above the given one are gone for a reason.

Every head up to it stays binding: the next look and every audit compare it with the chain.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

FILE = Path("/var/lib/amanat/anchors/archive.jsonl")


def main() -> int:
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
    descriptor = os.open(FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.write(descriptor, (json.dumps(line) + "\n").encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return 0


if __name__ == "__main__":
    sys.exit(main())
