"""The file of anchors: one JSON object a line, only ever appended to.

head      a head of the chain: seq, hash, sealed_at, records; `at` is when it was taken
held      the same head as before is still the newest
broken    the chain no longer had the last anchored head
restored  the operator put a backup back: heads above `seq`, and those taken after the time that was gone back to, are
          gone for a reason; all others must hold

Each line says what was before it: `previous` is the SHA-256 of the whole file up to it, of nothing for the first. So no
line can be taken out, changed or put in unseen but at the end. Lines of before that was so stand at the beginning
without it; the first that has it covers them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from amanat_host.errors import HostError

FILE = Path("/var/lib/amanat/anchors/archive.jsonl")


class UnknownAnchor(HostError, ValueError):
    """A line of the file is of no known kind."""


class ForgottenAnchors(HostError, ValueError):
    """The file is not as it was when its lines were written."""


@dataclass(frozen=True)
class Anchors:
    """What the lines come to: the heads that the chain must hold, and whether it was last found without one.

    `misfits` are the numbers of lines before which the file is not what it was when they were written; `digest` is the
    SHA-256 of the file.
    """

    heads: tuple[dict[str, Any], ...]
    is_broken: bool
    lines: tuple[dict[str, Any], ...] = ()
    misfits: tuple[int, ...] = ()
    digest: str = hashlib.sha256().hexdigest()

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
        content = path.read_bytes() if path.exists() else b""
        heads: list[dict[str, Any]] = []
        is_broken = False
        lines = [json.loads(text) for text in content.splitlines()]
        for number, line in enumerate(lines, 1):
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
        digest = hashlib.sha256(content).hexdigest()
        return cls(tuple(heads), is_broken, tuple(lines), misfits(content, lines), digest)

    def following(self, line: Mapping[str, object]) -> dict[str, object]:
        """A line as it is written after these. Raises ForgottenAnchors where these are not what they were."""
        if self.misfits:
            raise ForgottenAnchors(
                f"anchors before line {self.misfits[0]} are not those that were written there"
            )
        return {**line, "previous": self.digest}


def misfits(content: bytes, lines: list[dict[str, Any]]) -> tuple[int, ...]:
    """The numbers of lines that say something else of what is before them, or nothing after one that did."""
    found: list[int] = []
    before, is_chained = hashlib.sha256(), False
    for number, (text, line) in enumerate(zip(content.splitlines(keepends=True), lines, strict=True), 1):
        previous = line.get("previous")
        if previous is not None or is_chained:
            is_chained = True
            if previous != before.hexdigest():
                found.append(number)
        before.update(text)
    return tuple(found)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other writers of the file waiting. A reader may ask for it; a missing file has no other writer."""
    if not path.exists():
        yield
        return
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _outlives(head: dict[str, Any], restored: dict[str, Any]) -> bool:
    """Whether a head must hold after a restore. One taken later may be of a chain that an earlier restore began."""
    target = restored["target_time"]
    taken_before = target == "latest" or datetime.fromisoformat(head["at"]) <= datetime.fromisoformat(target)
    return bool(head["seq"] <= restored["seq"] and taken_before)
