"""Reads the numbers of the journal's entries from its files, and asks it for lines.

journald numbers each entry of a sequence once, over all its files: the system's, and one for each account. So an entry
that was erased leaves a number that nobody has, whatever else remains. A sequence ends with the boot, or goes on in
the next one. The format: https://systemd.io/JOURNAL_FILE_FORMAT
"""

from __future__ import annotations

import contextlib
import json
import mmap
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amanat_host import processes
from amanat_host.answers.system import Gap, Journal, JournalSequence
from amanat_host.errors import HostError
from amanat_host.times import moment, utc

DIRECTORIES = (Path("/var/log/journal"), Path("/run/log/journal"))
NEWEST = Path("/run/systemd/journal/seqnum")  # journald's own note of the number that it gave last
JOURNALCTL = "/usr/bin/journalctl"
SIGNATURE = b"LPKSHHRH"
# The header until `tail_entry_monotonic`: signature, flags, state, five ids, fifteen numbers.
HEADER = struct.Struct("<8sIIB7x16x16x16x16s15Q")
N_ENTRIES, ENTRY_ARRAY = 8, 11  # among the fifteen
COMPACT = 1 << 4  # incompatible flag: offsets in arrays have 32 bits
ARRAY = struct.Struct("<8xQQ")  # an array of entries: size, offset of the next one
NUMBER_AND_TIME = struct.Struct("<QQ")  # of an entry, behind its object's header
SEQUENCE_AND_NUMBER = struct.Struct("<16sQ")  # of that note
OBJECT_HEADER_BYTES = 16
TRIES = 3
MOST_GAPS = 20  # told; the last ones
MICROSECONDS = 1_000_000

Numbers = dict[int, int]  # an entry's number -> its time in microseconds


@dataclass(frozen=True)
class File:
    """What one file of the journal has."""

    sequence: str
    numbers: Numbers


def read(directories: Sequence[Path] = DIRECTORIES, newest: Path = NEWEST) -> Journal:
    """The journal's sequences and what is missing of each; a gap is one only when it stays while files change.

    Raises `OSError` or `struct.error` where journald's own note can't be read.
    """
    found = _read(directories, newest)
    for _ in range(TRIES - 1):
        if not any(one.gaps for one in found.sequences) and not found.unreadable:
            break
        again = _read(directories, newest)
        found = Journal(
            in_use=again.in_use,
            sequences=[_with_gaps_of_both(one, found) for one in again.sequences],
            unreadable=sorted({*found.unreadable} & {*again.unreadable}),
        )
    return found


def _with_gaps_of_both(one: JournalSequence, before: Journal) -> JournalSequence:
    """A sequence with those of its gaps that were there before."""
    known = {gap for other in before.sequences if other.id == one.id for gap in other.gaps}
    return JournalSequence(**{**vars(one), "gaps": [gap for gap in one.gaps if gap in known]})


def _read(directories: Sequence[Path], newest: Path) -> Journal:
    """One reading of all files."""
    name, last = SEQUENCE_AND_NUMBER.unpack_from(newest.read_bytes())
    in_use = name.hex()
    sequences: dict[str, Numbers] = {}
    unreadable = []
    for path in files(directories):
        try:
            file = read_file(path)
        except FileNotFoundError:  # set aside or vacuumed meanwhile
            continue
        except (struct.error, ValueError, HostError):
            unreadable.append(path.name)
            continue
        if file.numbers:
            sequences.setdefault(file.sequence, {}).update(file.numbers)
    told = [
        _sequence(name, numbers, last - 1 if name == in_use else 0) for name, numbers in sequences.items()
    ]
    return Journal(in_use, sorted(told, key=lambda one: one.begins), sorted(unreadable))


def files(directories: Sequence[Path]) -> list[Path]:
    """The journal's files, those that were set aside included."""
    return sorted(
        path
        for directory in directories
        for path in directory.glob("*/*")
        if path.name.endswith((".journal", ".journal~"))
    )


def read_file(path: Path) -> File:
    """The entries of a file; an empty one, which a crash can leave, has none.

    Raises `HostError`, `struct.error` or `ValueError` for what is no journal.
    """
    if not path.stat().st_size:
        return File("", {})
    with path.open("rb") as opened, mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as content:
        signature, _, incompatible, _, sequence, *numbers = HEADER.unpack_from(content)
        if signature != SIGNATURE:
            raise HostError("this is no file of the journal", str(path))
        places = _places(content, numbers[ENTRY_ARRAY], numbers[N_ENTRIES], bool(incompatible & COMPACT))
        return File(sequence.hex(), _entries(content, places))


def _entries(content: mmap.mmap, places: Iterator[int]) -> Numbers:
    """The entries as far as they can be read: of a file that a crash cut off, those before; gaps tell the others."""
    found = {}
    with contextlib.suppress(struct.error):
        for place in places:
            number, at = NUMBER_AND_TIME.unpack_from(content, place + OBJECT_HEADER_BYTES)
            if number:
                found[number] = at
    return found


def _places(content: mmap.mmap, array: int, left: int, compact: bool) -> Iterator[int]:  # noqa: FBT001
    """Where the entries of a file lie, by its chain of arrays."""
    kind, width = ("I", 4) if compact else ("Q", 8)
    while array and left > 0:
        size, following = ARRAY.unpack_from(content, array)
        count = min((size - OBJECT_HEADER_BYTES - 8) // width, left)
        for place in struct.unpack_from(f"<{count}{kind}", content, array + OBJECT_HEADER_BYTES + 8):
            if place:
                yield place
        left -= count
        array = following


def _sequence(name: str, numbers: Numbers, given: int) -> JournalSequence:
    """What there is of a sequence of which numbers were given up to `given` at least."""
    ordered = sorted(numbers)
    holes = [(a, b) for a, b in zip(ordered, ordered[1:], strict=False) if b != a + 1]
    if ordered[-1] < given:
        holes.append((ordered[-1], given + 1))
    return JournalSequence(
        id=name,
        first=ordered[0],
        last=ordered[-1],
        begins=_time(numbers[ordered[0]]),
        gaps=[
            Gap(first=a + 1, last=b - 1, after=_time(numbers[a]), before=_time(numbers.get(b)))
            for a, b in holes[-MOST_GAPS:]
        ],
    )


def _time(microseconds: int | None) -> str:
    return "" if microseconds is None else utc(microseconds / MICROSECONDS)


def complete_since(found: Journal) -> float:
    """The Unix time from which on the journal tells all; what was before, it may have removed for want of room."""
    gaps = [gap.before for one in found.sequences for gap in one.gaps if gap.before]
    return max(map(moment, gaps or [one.begins for one in found.sequences[:1]]), default=0.0)


@dataclass(frozen=True)
class Line:
    """A line of the journal: when it came in, of which process of which boot, and what it says."""

    at: float
    process: str
    boot: str
    message: str


def lines(program: str) -> Iterator[Line]:
    """What a program has logged, oldest first. Raises `subprocess.CalledProcessError`.

    Anybody may call itself so. Which program it was, journald finds out, unless that ended at once.
    """
    fields = "--output-fields=MESSAGE,_PID,_COMM"
    command = [JOURNALCTL, "--quiet", "--no-pager", "--output=json", fields, f"SYSLOG_IDENTIFIER={program}"]
    done = processes.run(command, capture_output=True, text=True, check=True)
    for text in done.stdout.splitlines():
        entry = json.loads(text)
        if entry.get("_COMM", program) == program:
            yield _line(entry)


def _line(entry: Mapping[str, object]) -> Line:
    """One line; a message that is no text comes as a list of bytes."""
    message = entry.get("MESSAGE")
    if isinstance(message, list):
        message = bytes(message).decode("utf-8", "replace")
    at = int(str(entry["__REALTIME_TIMESTAMP"])) / MICROSECONDS
    return Line(at, str(entry.get("_PID", "")), str(entry["_BOOT_ID"]), str(message or ""))
