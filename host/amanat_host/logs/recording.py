"""One of sudo's recordings: what of it goes into the journal, in what form, and what its digest is.

sudo appends to each file of a recording and clears the write bits of `timing` when it has closed all of them. A part is
an entry of the journal with bytes of one or more of these files as sudo wrote them; parts have numbers from 1, and the
last one has length and SHA-256 of each whole file.
"""

from __future__ import annotations

import hashlib
import stat
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from amanat_host.system.recordings import NOTES, STREAMS, opened, place

IDENTIFIER = "amanat-sudo-recording"
UNIT = "amanat-recordings.service"  # journald says of which unit an entry is, so nobody else's passes for one
PART_BYTES = 64 * 1024  # fits into one datagram of the journal's socket
FILES = (*NOTES, *STREAMS.values())
BLOCK_BYTES = 1 << 20
LONGEST_COMMAND = 1024
WRITABLE = 0o222
INFORMATION = b"6"


@dataclass(frozen=True)
class Piece:
    """Bytes of a recording's file: from `start` on, `length` of them."""

    file: str
    start: int
    length: int


@dataclass(frozen=True)
class Part:
    """A part of a recording, which `name` (account/number) and `began` (Unix time) tell from all others."""

    name: str
    began: int
    number: int
    pieces: tuple[Piece, ...]
    is_last: bool = False

    @property
    def key(self) -> tuple[str, int, int]:
        """What tells it from every other part: one that is sent again has the same."""
        return self.name, self.began, self.number

    @property
    def length(self) -> int:
        """Its bytes."""
        return sum(piece.length for piece in self.pieces)


@dataclass(frozen=True)
class Recording:
    """A recording on this machine's disk; `run_as` and `command` are sudo's own words."""

    name: str
    began: int
    path: Path
    run_as: str = ""
    command: str = ""

    @classmethod
    def read(cls, records: Path, name: str) -> Recording | None:
        """A recording by its name; None where sudo has not written yet whose it is."""
        path = records / place(name)
        try:
            with opened(path / "log") as log:
                lines = log.read(BLOCK_BYTES).decode("utf-8", "replace").split("\n")
        except FileNotFoundError:
            return None
        except (OSError, ValueError):  # no regular file: the others are sent all the same
            lines = ["0"]
        if lines == [""]:
            return None
        words = lines[0].split(":")
        began = int(words[0]) if words[0].isascii() and words[0].isdigit() else 0
        run_as = words[2] if len(words) > 2 else ""  # noqa: PLR2004 - time, account, whom as
        return cls(name, began, path, run_as, lines[2] if len(lines) > 2 else "")  # noqa: PLR2004 - head, directory

    def is_closed(self) -> bool:
        """Whether sudo has ended it in order."""
        try:
            return not (self.path / "timing").lstat().st_mode & WRITABLE
        except FileNotFoundError:
            return False

    def sizes(self) -> dict[str, int]:
        """How many bytes each of its files has."""
        found = {}
        for file in FILES:
            try:
                facts = (self.path / file).lstat()
            except FileNotFoundError:
                continue
            if stat.S_ISREG(facts.st_mode):
                found[file] = facts.st_size
        return found

    def written_at(self) -> float:
        """When anything of it was last written. Raises FileNotFoundError."""
        files = [self.path / file for file in self.sizes()]
        return max(path.lstat().st_mtime for path in (files or [self.path]))

    def data(self, piece: Piece) -> bytes:
        """The bytes of a piece. Raises OSError or ValueError; EOFError where they are no longer there."""
        with opened(self.path / piece.file) as file:
            file.seek(piece.start)
            found = file.read(piece.length)
        if len(found) < piece.length:
            raise EOFError
        return found

    def contents(self) -> dict[str, tuple[int, str]]:
        """Length and SHA-256 of each file as it is now. Raises OSError or ValueError."""
        found = {}
        for name in self.sizes():
            digest, length = hashlib.sha256(), 0
            with opened(self.path / name) as file:
                for block in iter(lambda: file.read(BLOCK_BYTES), b""):  # noqa: B023 - done with within
                    digest.update(block)
                    length += len(block)
            found[name] = (length, digest.hexdigest())
        return found


def listing(contents: Mapping[str, tuple[int, str]]) -> str:
    """What the files of a recording are, a line each: name, length in bytes, SHA-256."""
    return "".join(f"{name} {contents[name][0]} {contents[name][1]}\n" for name in FILES if name in contents)


def digest(listed: str) -> str:
    """Half of the SHA-256 of a whole recording, by the listing of its files."""
    return hashlib.sha256(listed.encode()).hexdigest()[:32]


def entry(recording: Recording, part: Part) -> dict[str, bytes]:
    """The fields of a part's entry. Raises OSError, ValueError or EOFError where the recording no longer has it.

    Only the last part has a message: who reads the journal in a recorded session doesn't record what he caused.
    """
    fields = {
        "SYSLOG_IDENTIFIER": IDENTIFIER.encode(),
        "PRIORITY": INFORMATION,
        "AMANAT_RECORDING": part.name.encode(),
        "AMANAT_BEGAN": b"%d" % part.began,
        "AMANAT_RUN_AS": recording.run_as.encode(),
        "AMANAT_COMMAND": recording.command.encode()[:LONGEST_COMMAND],
        "AMANAT_PART": b"%d" % part.number,
        "AMANAT_PIECES": "".join(f"{one.file} {one.start} {one.length}\n" for one in part.pieces).encode(),
        "AMANAT_DATA": b"".join(recording.data(piece) for piece in part.pieces),
    }
    return fields | (_last(recording, part) if part.is_last else {})


def _last(recording: Recording, part: Part) -> dict[str, bytes]:
    """What the last part has besides."""
    contents = recording.contents()
    kind = "recorded" if recording.is_closed() else "cut off"
    return {
        "AMANAT_LAST": kind.encode(),
        "AMANAT_FILES": listing(contents).encode(),
        "MESSAGE": f"{part.name} as {recording.run_as or 'nobody known'}: {kind} in {part.number} parts".encode(),
    }


def datagram(fields: Mapping[str, bytes]) -> bytes:
    """An entry in the form that journald's socket takes, whatever bytes are in it.

    The form: https://systemd.io/JOURNAL_NATIVE_PROTOCOL
    """
    return b"".join(
        name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
        for name, value in fields.items()
    )
