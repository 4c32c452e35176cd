"""A machine's chain of sealed days: a record for each seal and each purge, which names the record before by SHA-256.

A record is a file `<position>.json` (JSON, keys sorted, no spaces), its RFC 3161 stamp `<position>.tsr`. It holds no
time of this machine's: the stamp says when, and a record made again of the same day is the same to the byte.
"""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amanat_host.errors import HostError

RECORD = ".json"
STAMP = ".tsr"
NEW = ".new"
SEAL = "seal"
PURGE = "purge"


class BrokenChain(HostError, ValueError):
    """The records are not those that were written here one after the other."""


@dataclass(frozen=True)
class NumberRange:
    """Entries of a numbering that a day holds, both ends included, none missing between them."""

    numbering: str
    first: int
    last: int


@dataclass(frozen=True)
class SealedFile:
    """A day's compressed file: SHA-256 of all of it, and of each block, so that a change can be placed."""

    size_bytes: int
    sha256: str
    block_bytes: int
    blocks: tuple[str, ...]


@dataclass(frozen=True)
class Record:
    """What every record says: of which machine and day, its place, and the SHA-256 of the record before ("" for none).

    `ranges` are the numbers that the day holds, in the order in which they were stored.
    """

    machine: str
    day: str
    position: int
    previous: str
    entries: int
    ranges: tuple[NumberRange, ...]


@dataclass(frozen=True)
class Seal(Record):
    """A day that has ended: its compressed file, and the SHA-256 and length of what that holds."""

    content_bytes: int
    content_sha256: str
    file: SealedFile


@dataclass(frozen=True)
class Purge(Record):
    """A day whose file is gone: the seal that it had."""

    seal_position: int
    seal_sha256: str
    file_sha256: str


def as_bytes(record: Record) -> bytes:
    """A record as it is written, hashed and stamped."""
    kind = SEAL if isinstance(record, Seal) else PURGE
    document = {"kind": kind, **dataclasses.asdict(record)}
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def from_bytes(data: bytes) -> Record:
    """The record that a file holds. Raises BrokenChain."""
    try:
        document = json.loads(data)
        kind = document.pop("kind")
        document["ranges"] = tuple(NumberRange(**one) for one in document["ranges"])
        if kind == PURGE:
            return Purge(**document)
        if kind == SEAL:
            return Seal(**{**document, "file": _file(document["file"])})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenChain(f"a record can't be read: {type(error).__name__}") from error
    raise BrokenChain("a record is of no known kind")


def _file(document: Mapping[str, Any]) -> SealedFile:
    return SealedFile(**{**document, "blocks": tuple(document["blocks"])})


def sha256(data: bytes) -> str:
    """A digest in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


class Chain:
    """The records of one machine, oldest first, and how one is added."""

    def __init__(self, directory: Path, records: Sequence[Record], digest: str) -> None:
        self.directory = directory
        self.records = list(records)
        self.digest = digest  # of the newest record; "" where there is none

    @classmethod
    def read(cls, directory: Path) -> Chain:
        """Read the records; none where there is no directory. Raises BrokenChain or OSError."""
        records: list[Record] = []
        digest = ""
        for position in range(1, last_position(directory) + 1):
            path = record_path(directory, position)
            if not path.exists():
                raise BrokenChain(f"record {position} is gone", str(path))
            data = path.read_bytes()
            record = from_bytes(data)
            if (record.position, record.previous) != (position, digest):
                raise BrokenChain(f"record {position} does not follow the one before it", str(path))
            records.append(record)
            digest = sha256(data)
        return cls(directory, records, digest)

    @property
    def next_position(self) -> int:
        """The place of the record that comes next."""
        return len(self.records) + 1

    def append(self, record: Record) -> None:
        """Add a record; it is there for good, without a stamp yet, when this returns."""
        data = as_bytes(record)
        write(record_path(self.directory, record.position), data)
        self.records.append(record)
        self.digest = sha256(data)

    def seals(self) -> Iterator[Seal]:
        """The seals, oldest day first."""
        return (record for record in self.records if isinstance(record, Seal))

    def purges(self) -> Iterator[Purge]:
        """The purges, oldest first."""
        return (record for record in self.records if isinstance(record, Purge))

    def is_stamped(self, position: int) -> bool:
        """Whether the record has a stamp."""
        return stamp_path(self.directory, position).exists()

    def record_digest(self, position: int) -> str:
        """The SHA-256 of a record."""
        return sha256(record_path(self.directory, position).read_bytes())


def record_path(directory: Path, position: int) -> Path:
    """The file of a record."""
    return directory / f"{position:08d}{RECORD}"


def stamp_path(directory: Path, position: int) -> Path:
    """The file of a record's stamp."""
    return directory / f"{position:08d}{STAMP}"


def last_position(directory: Path) -> int:
    """The highest place that a record or a stamp has; 0 for none."""
    names = [*directory.glob(f"{'[0-9]' * 8}{RECORD}"), *directory.glob(f"{'[0-9]' * 8}{STAMP}")]
    return max((int(path.stem) for path in names), default=0)


def write(path: Path, data: bytes) -> None:
    """Have a file hold these bytes, all of them or none, whatever is killed."""
    new = path.with_name(path.name + NEW)
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make last what was renamed in a directory, or removed from it."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Keep every other sealer of the machine waiting."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
