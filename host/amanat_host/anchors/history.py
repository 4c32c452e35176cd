"""The file of anchors: one JSON object a line, only ever appended to.

head      a head of the chain: seq, hash, sealed_at, records; `at` is when it was taken
held      the same head as before is still the newest
broken    the chain no longer had the last anchored head
restored  the operator put a backup back: heads above `seq`, and those taken after the time that was gone back to, are
          gone for a reason; all others must hold
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from amanat_host.errors import HostError

FILE = Path("/var/lib/amanat/anchors/archive.jsonl")


class UnknownAnchor(HostError, ValueError):
    """A line of the file is of no known kind."""


@dataclass(frozen=True)
class Anchors:
    """What the lines come to: the heads that the chain must hold, and whether it was last found without one."""

    heads: tuple[dict[str, Any], ...]
    is_broken: bool

    @property
    def last(self) -> dict[str, Any] | None:
        """The newest head that must hold."""
        return self.heads[-1] if self.heads else None

    @classmethod
    def read(cls, path: Path) -> Anchors:
        """Read the file; a missing one holds none.

        Raises:
            ValueError: a line is no JSON, or of no known kind.
        """
        heads: list[dict[str, Any]] = []
        is_broken = False
        for number, text in enumerate(path.read_text("utf-8").splitlines() if path.exists() else [], 1):
            line = json.loads(text)
            kind = line.get("kind")
            if kind == "head":
                heads.append(line)
                is_broken = False
            elif kind == "restored":
                heads = [head for head in heads if _outlives(head, line)]
                is_broken = False
            elif kind == "broken":
                is_broken = True
            elif kind != "held":
                raise UnknownAnchor(f"{path}, line {number}: no known kind of anchor: {kind!r}")
        return cls(tuple(heads), is_broken)


def _outlives(head: dict[str, Any], restored: dict[str, Any]) -> bool:
    """Whether a head must hold after a restore. One taken later may be of a chain that an earlier restore began."""
    target = restored["target_time"]
    taken_before = target == "latest" or datetime.fromisoformat(head["at"]) <= datetime.fromisoformat(target)
    return bool(head["seq"] <= restored["seq"] and taken_before)
