"""The record of every time stamp that was given: one JSON object a line, only ever appended to.

A line has the stamp's `serial`, its `imprint` (the SHA-256 that was stamped) and `at`, and as `previous` the SHA-256 of
the file before it, so that no line can be taken out, changed or put in unseen but at the end. The digests of the sealed
days' records are all in it: what is cut off of a machine's chain on the log server is missed here.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amanat_host.anchors.history import misfits
from amanat_host.errors import HostError
from amanat_host.json_lines import append
from amanat_host.logs.stamps import Stamp

FILE = Path("/var/lib/amanat/tsa/stamps.jsonl")


class ForgottenStamps(HostError, ValueError):
    """The record is not as it was when its lines were written."""


@dataclass(frozen=True)
class StampRecord:
    """The stamps that were given, oldest first; `misfits` are lines before which the file is not what it was."""

    path: Path
    lines: tuple[dict[str, Any], ...]
    misfits: tuple[int, ...]
    digest: str

    @classmethod
    def read(cls, path: Path) -> StampRecord:
        """Read the file; a missing one holds none. A line without an end is passed over: its stamp was never given.

        Raises ValueError where a line is no JSON.
        """
        content = _whole_lines(path.read_bytes() if path.exists() else b"")
        lines = [json.loads(text) for text in content.splitlines()]
        return cls(path, tuple(lines), misfits(content, lines), hashlib.sha256(content).hexdigest())

    @property
    def next_serial(self) -> int:
        """The number of the stamp that comes next."""
        return 1 + max((int(line["serial"]) for line in self.lines), default=0)

    def add(self, stamp: Stamp) -> None:
        """Write down a stamp, for good. Raises ForgottenStamps."""
        if self.misfits:
            raise ForgottenStamps(f"stamps before line {self.misfits[0]} are not those that were given")
        if self.path.exists():
            os.truncate(self.path, len(_whole_lines(self.path.read_bytes())))
        line = {"serial": stamp.serial, "at": stamp.at.isoformat(), "imprint": stamp.imprint}
        append(self.path, {**line, "previous": self.digest})


def _whole_lines(content: bytes) -> bytes:
    return content[: content.rfind(b"\n") + 1]
