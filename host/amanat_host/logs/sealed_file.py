"""A day's sealed file: what was stored of it, compressed, and digests by which a change of it can be placed."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from amanat_host.errors import HostError
from amanat_host.logs.chain import NEW, NumberRange, SealedFile, sync_directory
from amanat_host.logs.entries import Entry, Parser

SUFFIX = ".export.gz"
BLOCK_BYTES = 64 * 1024
READ_BYTES = 1024 * 1024
LEVEL = 6  # a second of a core for 40 to 80 MB of a journal, and a ninth of it is left


class AlteredFile(HostError):
    """A day's file is not what it was."""


@dataclass
class Content:
    """What a day's entries come to, as they are read one after the other."""

    entries: int = 0
    ranges: list[NumberRange] = field(default_factory=list)
    size_bytes: int = 0
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    _parser: Parser = field(default_factory=Parser)

    def take(self, data: bytes) -> None:
        """Take up a piece of the file. Raises NotTheFormat."""
        self.size_bytes += len(data)
        self._digest.update(data)
        for entry in self._parser.feed(data):
            self._count(entry)

    def end(self) -> str:
        """The SHA-256 of all of it. Raises AlteredFile where the last entry has no end."""
        if self._parser.is_within_an_entry:
            raise AlteredFile("the last entry has no end")
        return self._digest.hexdigest()

    def _count(self, entry: Entry) -> None:
        self.entries += 1
        newest = self.ranges[-1] if self.ranges else None
        if newest and (newest.numbering, newest.last + 1) == (entry.numbering, entry.number):
            self.ranges[-1] = NumberRange(entry.numbering, newest.first, entry.number)
        else:
            self.ranges.append(NumberRange(entry.numbering, entry.number, entry.number))


def sealed_path(directory: Path, day: str) -> Path:
    """The sealed file of a day."""
    return directory / f"{day}{SUFFIX}"


def sealed_days(directory: Path) -> list[str]:
    """The days that have a sealed file, oldest first."""
    return sorted(path.name.removesuffix(SUFFIX) for path in directory.glob(f"????-??-??{SUFFIX}"))


def compress(source: Path, target: Path) -> Content:
    """Write the compressed file of a day, all of it or none; what it holds. Raises NotTheFormat or OSError."""
    new = target.with_name(target.name + NEW)
    content = Content()
    with new.open("wb") as raw:
        # Without name and time in it: of the same day it is the same file.
        with source.open("rb") as plain, gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as packed:
            while data := plain.read(READ_BYTES):
                content.take(data)
                packed.write(data)
        raw.flush()
        os.fsync(raw.fileno())
    new.rename(target)
    sync_directory(target.parent)
    return content


def describe(path: Path) -> SealedFile:
    """The digests of a file as it lies there."""
    whole = hashlib.sha256()
    blocks: list[str] = []
    with path.open("rb") as file:
        while data := file.read(BLOCK_BYTES):
            whole.update(data)
            blocks.append(hashlib.sha256(data).hexdigest())
    return SealedFile(path.stat().st_size, whole.hexdigest(), BLOCK_BYTES, tuple(blocks))


def first_altered(path: Path, sealed: SealedFile) -> tuple[int, int] | None:
    """The first range of bytes, both ends included, that is not as it was sealed; None where all is. Raises OSError."""
    position = 0
    with path.open("rb") as file:
        for digest in sealed.blocks:
            data = file.read(sealed.block_bytes)
            if hashlib.sha256(data).hexdigest() != digest:
                return position, min(position + sealed.block_bytes, sealed.size_bytes) - 1
            position += len(data)
        rest = len(file.read())
    return (position, position + rest - 1) if rest else None


def read(path: Path) -> Content:
    """Read what a sealed file holds. Raises AlteredFile, NotTheFormat or OSError."""
    content = Content()
    for data in _pieces(path):
        content.take(data)
    return content


def read_entries(path: Path) -> Iterator[Entry]:
    """The entries of a sealed file. Raises AlteredFile, NotTheFormat or OSError."""
    parser = Parser()
    for data in _pieces(path):
        yield from parser.feed(data)


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path, "rb") as file:
            while data := file.read(READ_BYTES):
                yield data
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise AlteredFile(f"it can't be unpacked: {error}", str(path)) from error
