"""Entries of systemd's Journal Export Format, as they come from a connection or a file.

The format: https://systemd.io/JOURNAL_EXPORT_FORMATS. An entry is lines `NAME=value`, or for a value with a line feed
or another control character `NAME`, a 64-bit little-endian length, the value and a line feed; a blank line ends it.
Fields of the entry's address (`__CURSOR`, ...) come first, and are read there alone: a sender's own can't forge them.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from amanat_host.errors import HostError

LARGEST_BYTES = 32 * 1024 * 1024
LENGTH_BYTES = 8
HEAD = re.compile(
    rb"__CURSOR=([!-~]{1,400})\n__REALTIME_TIMESTAMP=([0-9]{1,20})\n__MONOTONIC_TIMESTAMP=[0-9]{1,20}\n"
    rb"__SEQNUM=([0-9]{1,20})\n__SEQNUM_ID=([0-9a-f]{32})\n"
)
TEXT_FIELDS = re.compile(rb"(?:[A-Z0-9_]+=[^\n]*\n)+\n")  # a whole entry that has no binary field
FIELD_NAME = re.compile(rb"[A-Z0-9_]{1,64}")
FIELD_BEGINNING = re.compile(rb"[A-Z0-9_]{1,64}(?:(=)|\n(.{8}))", re.S)
LONGEST_HEAD_BYTES = 700


class NotTheFormat(HostError, ValueError):
    """The bytes are not journal export format."""


@dataclass(frozen=True)
class Entry:
    """An entry of a journal: its bytes with the blank line, and its address.

    `number` counts the entries of one `numbering`: systemd's __SEQNUM within a __SEQNUM_ID. A `cursor` names an entry
    and no other. `realtime_us` is the sender's clock, in microseconds since 1970.
    """

    raw: bytes
    cursor: str
    number: int
    numbering: str
    realtime_us: int


class Parser:
    """Makes entries of bytes that come in pieces; holds one unfinished entry, and no more of it than `largest_bytes`.

    Of a larger one the address is kept, with its length and digest in place of its fields.
    """

    def __init__(self, largest_bytes: int = LARGEST_BYTES) -> None:
        self._largest_bytes = largest_bytes
        self._bytes = bytearray()  # begins with an entry, or with what is still to come of a large one
        self._field = 0  # where its unfinished field begins
        self._large: _Large | None = None

    @property
    def is_within_an_entry(self) -> bool:
        """Whether bytes of an unfinished entry have come."""
        return bool(self._bytes) or self._large is not None

    def feed(self, data: bytes) -> Iterator[Entry]:
        """The entries that end within these bytes. Raises NotTheFormat."""
        self._bytes += data
        while True:
            yield from self._whole_ones()
            if self._large is None and len(self._bytes) > self._largest_bytes:
                self._large = _Large(bytes(self._bytes[:LONGEST_HEAD_BYTES]))
            if self._large is None:
                return
            if not self._large.take(self._bytes):
                return
            yield _entry(self._large.stand_in())
            self._large, self._field = None, 0

    def _whole_ones(self) -> Iterator[Entry]:
        start = 0
        while self._large is None and start < len(self._bytes):
            text = TEXT_FIELDS.match(self._bytes, start) if self._field == 0 else None
            end = text.end() if text else self._end_of_entry(start)
            if end is None:
                break
            yield _entry(bytes(self._bytes[start:end]))
            start, self._field = end, 0
        del self._bytes[:start]

    def _end_of_entry(self, start: int) -> int | None:
        """Where the entry at `start` ends, past its blank line; None where that has not come yet."""
        while (end := end_of_field(self._bytes, start + self._field)) is not None:
            is_blank = end == start + self._field + 1
            self._field = end - start
            if is_blank:
                return end
        return None


class _Large:
    """An entry that is too large to keep: its address, and of all of it length and digest."""

    def __init__(self, beginning: bytes) -> None:
        head = HEAD.match(beginning)
        if not head:
            raise NotTheFormat("an entry has no address")
        self._head = head.group()
        self._length_bytes = 0
        self._digest = hashlib.sha256()
        self._value_bytes = 0  # of a binary field, still to come
        self._is_in_text = False

    def take(self, data: bytearray) -> bool:
        """Take away what belongs to the entry; whether it has ended. Raises NotTheFormat."""
        while data:
            if self._value_bytes:
                self._value_bytes -= self._drop(data, min(self._value_bytes, len(data)))
            elif self._is_in_text:
                end = data.find(b"\n")
                self._drop(data, end + 1 if end >= 0 else len(data))
                self._is_in_text = end < 0
            elif data[:1] == b"\n":
                self._drop(data, 1)
                return True
            elif not self._begin_field(data):
                return False
        return False

    def _begin_field(self, data: bytearray) -> bool:
        """Take a field's name, and a binary one's length; False where they have not come yet."""
        name = FIELD_BEGINNING.match(data)
        if not name:
            if len(data) > LONGEST_HEAD_BYTES:
                raise NotTheFormat("a field has no name")
            return False
        self._is_in_text = name.group(1) is not None
        if not self._is_in_text:
            self._value_bytes = struct.unpack("<Q", name.group(2))[0] + 1
        self._drop(data, name.end())
        return True

    def _drop(self, data: bytearray, count: int) -> int:
        self._length_bytes += count
        self._digest.update(memoryview(data)[:count].tobytes())
        del data[:count]
        return count

    def stand_in(self) -> bytes:
        """The entry that is kept in its place."""
        fields = (
            f"AMANAT_LARGE_BYTES={self._length_bytes}\nAMANAT_LARGE_SHA256={self._digest.hexdigest()}\n\n"
        )
        return self._head + fields.encode()


def end_of_field(data: bytes | bytearray, start: int) -> int | None:
    """Where the field at `start` ends, a blank line being one; None where that has not come yet.

    Raises NotTheFormat.
    """
    line = data.find(b"\n", start)
    if line < 0:
        return None
    if line == start or data.find(b"=", start, line) > start:
        return line + 1
    if not FIELD_NAME.fullmatch(data, start, line):
        raise NotTheFormat("a field has no name")
    value = line + 1 + LENGTH_BYTES
    if len(data) < value:
        return None
    (length,) = struct.unpack_from("<Q", data, line + 1)
    end = int(value + length + 1)
    if len(data) < end:
        return None
    if data[end - 1 : end] != b"\n":
        raise NotTheFormat("a binary field does not end where it says")
    return end


def _entry(raw: bytes) -> Entry:
    head = HEAD.match(raw)
    if not head:
        raise NotTheFormat("an entry has no address")
    cursor, realtime, number, numbering = head.groups()
    return Entry(raw, cursor.decode(), int(number), numbering.decode(), int(realtime))
