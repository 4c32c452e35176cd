#!/usr/bin/python3 -B
"""Say what is anchored: the heads that the chain must hold, when one was last taken or found unchanged, and breaks.

Prints one JSON object. Reads one file that everybody may read, and changes nothing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from amanat_anchor.anchors import Anchors

FILE = Path("/var/lib/amanat/anchors/archive.jsonl")


def main() -> int:
    """Print the anchors and return the exit status."""
    try:
        anchors = Anchors.read(FILE)
        lines = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    looked = [line["at"] for line in lines if line["kind"] in ("head", "held")]
    found = {
        "looked_at": looked[-1] if looked else None,
        "is_broken": anchors.is_broken,
        "heads": [[head["seq"], head["hash"]] for head in anchors.heads],
        "restored": [line for line in lines if line["kind"] == "restored"],
        "mode": oct(FILE.stat().st_mode & 0o7777),
        "owner": FILE.stat().st_uid,
    }
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
