"""sudo's recordings as they are stored on the log server, put together from their parts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from amanat_host.answers.logs import StoredSession, StoredSessions
from amanat_host.logs.entries import Entry
from amanat_host.logs.fields import fields
from amanat_host.logs.recording import FILES, IDENTIFIER, UNIT, digest, listing
from amanat_host.times import utc

MARK = f"SYSLOG_IDENTIFIER={IDENTIFIER}".encode()
SOURCE = UNIT.encode()
MICROSECONDS = 1_000_000


@dataclass
class File:
    """What has come of a file of a recording: all up to `length`, and what lies beyond a gap."""

    length: int = 0
    sha256: hashlib._Hash = field(default_factory=hashlib.sha256)
    beyond: dict[int, bytes] = field(default_factory=dict)

    def add(self, start: int, data: bytes) -> None:
        """Bytes from `start` on; those that came before stay as they came."""
        self.beyond.setdefault(start, data)
        while near := [one for one in self.beyond if one <= self.length]:
            for one in near:
                new = self.beyond.pop(one)[self.length - one :]
                self.sha256.update(new)
                self.length += len(new)


@dataclass
class Stored:
    """What is stored of a recording: the numbers of its parts, its files, and what its last part says of them."""

    numbers: set[int] = field(default_factory=set)
    last: int | None = None
    listed: str = ""
    files: dict[str, File] = field(default_factory=dict)

    def add(self, told: dict[str, bytes]) -> None:
        """A part. Raises KeyError or ValueError for an entry that is none."""
        number = int(told["AMANAT_PART"])
        if number in self.numbers:
            return
        at, data = 0, told["AMANAT_DATA"]
        for line in told["AMANAT_PIECES"].decode("ascii").splitlines():
            name, start, length = line.split(" ")
            if name not in FILES or at + int(length) > len(data):
                raise ValueError("a piece of nothing")
            self.files.setdefault(name, File()).add(int(start), data[at : at + int(length)])
            at += int(length)
        self.numbers.add(number)
        if "AMANAT_LAST" in told:
            self.last, self.listed = number, told["AMANAT_FILES"].decode("ascii")

    @property
    def is_whole(self) -> bool:
        """Whether each part up to the last has come."""
        return self.last is not None and self.numbers >= set(range(1, self.last + 1))

    @property
    def left_out_bytes(self) -> int:
        """How much of it was not sent, as its last part says."""
        recorded = sum(int(line.split(" ")[1]) for line in self.listed.splitlines())
        return max(recorded - sum(file.length for file in self.files.values()), 0)

    def digest(self) -> str:
        """Of what has come; where something was left out, of what the last part says that there was."""
        if self.left_out_bytes:
            return digest(self.listed)
        told = [line.split(" ")[0] for line in self.listed.splitlines()]
        came = {name: self.files.get(name, File()) for name in (*told, *self.files)}
        return digest(listing({name: (file.length, file.sha256.hexdigest()) for name, file in came.items()}))


def sessions(entries: Iterable[Entry]) -> StoredSessions:
    """The recordings among entries of one machine's journal, oldest first; of several, a part's first one counts."""
    found: dict[tuple[str, int], Stored] = {}
    since_us = 0
    for entry in entries:
        since_us = since_us or entry.realtime_us
        if MARK not in entry.raw:
            continue
        told = fields(entry.raw)
        if told.get("SYSLOG_IDENTIFIER") != IDENTIFIER.encode() or told.get("_SYSTEMD_UNIT") != SOURCE:
            continue
        try:
            key = told["AMANAT_RECORDING"].decode(), int(told["AMANAT_BEGAN"])
            found.setdefault(key, Stored()).add(told)
        except (KeyError, ValueError):
            continue  # root alone can send one that is none; what it lacks, shows
    return StoredSessions(
        since=utc(since_us / MICROSECONDS),
        sessions=[
            StoredSession(
                name=name,
                at=utc(began),
                is_whole=one.is_whole,
                left_out_bytes=one.left_out_bytes,
                sha256=one.digest(),
            )
            for (name, began), one in found.items()
        ],
    )
