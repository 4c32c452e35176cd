"""sudo's recordings as they are stored on the log server, put together from their parts."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from amanat_host.answers.logs import StoredSession, StoredSessions
from amanat_host.logs.entries import Entry
from amanat_host.logs.fields import fields
from amanat_host.logs.recording import FILES, IDENTIFIER, UNIT, digest, listing
from amanat_host.times import utc

MARK = f"SYSLOG_IDENTIFIER={IDENTIFIER}".encode()
SOURCE = UNIT.encode()
MICROSECONDS = 1_000_000
TOLD = 20  # of each account: sudo drops the end of a long answer


@dataclass
class File:
    """What has come of a file of a recording: all up to `length`, and what lies beyond a gap."""

    length: int = 0
    sha256: hashlib._Hash = field(default_factory=hashlib.sha256)
    beyond: dict[int, bytes] = field(default_factory=dict)

    def add(self, start: int, data: bytes) -> bytes:
        """Bytes from `start` on; those that came before stay as they came. Returns what the file is longer by."""
        self.beyond[start] = max(self.beyond.get(start, b""), data, key=len)
        grown = b""
        while near := [one for one in self.beyond if one <= self.length]:
            for one in near:
                new = self.beyond.pop(one)[self.length - one :]
                self.sha256.update(new)
                self.length += len(new)
                grown += new
        return grown


@dataclass(frozen=True)
class StoredPart:
    """A part as it is stored: bytes of files with where each begins; of the last one, what it says of all files."""

    name: str
    began: int
    number: int
    pieces: Sequence[tuple[str, int, bytes]]
    listed: str | None

    @classmethod
    def of(cls, told: Mapping[str, bytes]) -> StoredPart:
        """A part by its entry's fields. Raises KeyError or ValueError for an entry that is none."""
        at, data, pieces = 0, told["AMANAT_DATA"], []
        for line in told["AMANAT_PIECES"].decode("ascii").splitlines():
            file, start, length = line.split(" ")
            if file not in FILES or int(start) < 0 or not 0 < int(length) <= len(data) - at:
                raise ValueError("a piece of nothing")
            pieces.append((file, int(start), data[at : at + int(length)]))
            at += int(length)
        return cls(
            name=told["AMANAT_RECORDING"].decode(),
            began=int(told["AMANAT_BEGAN"]),
            number=int(told["AMANAT_PART"]),
            pieces=pieces,
            listed=told["AMANAT_FILES"].decode("ascii") if "AMANAT_LAST" in told else None,
        )


def parts(entries: Iterable[Entry]) -> Iterator[StoredPart]:
    """The parts of recordings among entries; what another unit has sent is none."""
    for entry in entries:
        if MARK not in entry.raw:
            continue
        told = fields(entry.raw)
        if told.get("SYSLOG_IDENTIFIER") != IDENTIFIER.encode() or told.get("_SYSTEMD_UNIT") != SOURCE:
            continue
        try:
            yield StoredPart.of(told)
        except (KeyError, ValueError):
            continue  # root alone can send one that is none; what it lacks, shows


@dataclass
class Stored:
    """What is stored of a recording: the numbers of its parts, its files, and what its last part says of them."""

    numbers: set[int] = field(default_factory=set)
    last: int | None = None
    listed: str = ""
    files: dict[str, File] = field(default_factory=dict)

    def add(self, part: StoredPart) -> list[tuple[str, bytes]]:
        """A part, which may have come before, or be cut otherwise: its bytes have their place. Returns what is new."""
        self.numbers.add(part.number)
        if part.listed is not None:
            self.last, self.listed = part.number, part.listed
        return [
            (name, self.files.setdefault(name, File()).add(start, data)) for name, start, data in part.pieces
        ]

    @property
    def is_whole(self) -> bool:
        """Whether each part up to the last has come, and no file has a gap."""
        has_gap = any(file.beyond for file in self.files.values())
        return self.last is not None and not has_gap and self.numbers >= set(range(1, self.last + 1))

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
    """The newest recordings of each account among entries of one machine's journal, oldest first."""
    found: dict[tuple[str, int], Stored] = {}
    since: list[Entry] = []
    for part in parts(_noting_the_first(entries, since)):
        found.setdefault((part.name, part.began), Stored()).add(part)
    by_account: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for name, began in sorted(found, key=lambda one: one[1]):
        by_account[name.partition("/")[0]].append((name, began))
    told = {account: keys[-TOLD:] for account, keys in by_account.items()}
    return StoredSessions(
        since=utc(since[0].realtime_us / MICROSECONDS) if since else utc(0),
        left_out_until={
            account: utc(keys[0][1]) for account, keys in told.items() if len(by_account[account]) > TOLD
        },
        sessions=[
            StoredSession(
                name=name,
                at=utc(began),
                is_whole=found[name, began].is_whole,
                left_out_bytes=found[name, began].left_out_bytes,
                sha256=found[name, began].digest(),
            )
            for keys in told.values()
            for name, began in keys
        ],
    )


def _noting_the_first(entries: Iterable[Entry], first: list[Entry]) -> Iterator[Entry]:
    for entry in entries:
        if not first:
            first.append(entry)
        yield entry
