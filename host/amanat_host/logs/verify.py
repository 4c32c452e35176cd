"""Read all that is stored of a machine, and say whether it is what its state says: every number once, or a hole.

Days that are sealed are compared with their seals, and count with what they hold; of purged days their records count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from amanat_host.digests import sha256_of
from amanat_host.errors import HostError
from amanat_host.logs import state as states
from amanat_host.logs.chain import NumberRange
from amanat_host.logs.entries import Entry
from amanat_host.logs.layout import STATE, SUFFIX, days, plain_path
from amanat_host.logs.sealed_file import sealed_path
from amanat_host.logs.state import Numbering, State
from amanat_host.logs.store import FileTooShort
from amanat_host.logs.stored_entries import read_entries
from amanat_host.logs.verify_seals import SealedDays, every_day, verify_seals

FAULTS_TOLD = 20


@dataclass
class Numbers:
    """The numbers of one numbering that were read: ranges without a gap, in the order in which they were found."""

    ranges: list[list[int]] = field(default_factory=list)

    def add(self, first: int, last: int) -> None:
        """Take up numbers that follow each other."""
        if self.ranges and first == self.ranges[-1][1] + 1:
            self.ranges[-1][1] = last
        else:
            self.ranges.append([first, last])

    def missing(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """What of a range is not there."""
        expected = first
        for begin, end in sorted(self.ranges):
            if expected > last:
                return
            if begin > expected:
                yield expected, min(begin - 1, last)
            expected = max(expected, end + 1)
        if expected <= last:
            yield expected, last

    def repeated(self) -> Iterator[tuple[int, int]]:
        """What is there twice."""
        seen = None
        for begin, end in sorted(self.ranges):
            if seen is not None and begin <= seen:
                yield begin, min(end, seen)
            seen = end if seen is None else max(seen, end)


@dataclass
class Found:
    """What was read: how many entries, the numbers of each numbering, and what is wrong."""

    entries: int = 0
    numbers: dict[str, Numbers] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def add(self, one: NumberRange) -> None:
        """Take up numbers."""
        self.numbers.setdefault(one.numbering, Numbers()).add(one.first, one.last)


@dataclass(frozen=True)
class Stored:
    """A machine's stored journal: its state, and what in the files is not as that says."""

    machine: str
    state: State
    entries: int
    faults: list[str]


def verify(
    directory: Path, sealed: Path, authority: Path, reads: Callable[[str], bool] = every_day
) -> Stored:
    """Compare all of a machine's days, the sealed ones in `sealed`. Raises UnreadableState.

    `reads`: of which sealed days the content is read, too (see verify_seals).
    `authority` is the file with the certificate of who signs for the server of time stamps.
    """
    try:
        return _verify(directory, sealed, authority, reads)
    except FileNotFoundError:  # a day was sealed meanwhile
        return _verify(directory, sealed, authority, reads)


def _verify(directory: Path, sealed: Path, authority: Path, reads: Callable[[str], bool]) -> Stored:
    state = states.read(directory / STATE)
    seals = verify_seals(sealed, directory.name, authority, reads)
    found = Found(seals.entries, {}, list(seals.faults))
    for one in seals.ranges:
        found.add(one)
    lengths = {day: length for day, length in state.lengths.items() if day not in seals.contents}
    _read_plain(directory, sealed, lengths, found)
    _look_at_others(directory, state, seals, found)
    _compare(state, found)
    return Stored(directory.name, state, found.entries, found.faults[:FAULTS_TOLD])


def _read_plain(directory: Path, sealed: Path, lengths: Mapping[str, int], found: Found) -> None:
    """Read the days that are not sealed. Raises FileNotFoundError where one has been sealed since."""
    for day, length in lengths.items():
        path = plain_path(directory, day)
        try:
            for entry in _read(path, length):
                found.add(NumberRange(entry.numbering, entry.number, entry.number))
                found.entries += 1
        except (HostError, OSError) as error:
            if isinstance(error, FileNotFoundError) and sealed_path(sealed, day).exists():
                raise
            found.faults.append(str(error))


def _look_at_others(directory: Path, state: State, seals: SealedDays, found: Found) -> None:
    """Files that neither the state nor a seal knows of; a sealed day's own, until it is dropped, is what was sealed."""
    for path in days(directory):
        day = path.name.removesuffix(SUFFIX)
        if day in seals.contents:
            if sha256_of(path) != seals.contents[day]:
                found.faults.append(f"what is stored of {day} is not what was sealed of it")
        elif day not in state.lengths and day <= state.day:
            found.faults.append(f"nobody stored {day}")
    for day in sorted(seals.unsealed - state.lengths.keys()):
        found.faults.append(f"{day} lies among the sealed days, and nobody sealed it")


def _compare(state: State, found: Found) -> None:
    for numbering in state.numberings:
        found.faults += _faults(numbering, found.numbers.pop(numbering.id, Numbers()))
    found.faults += [f"entries of a numbering that never came: {unknown}" for unknown in found.numbers]
    if found.entries != state.entries:
        found.faults.append(f"{found.entries} entries are stored, and {state.entries} came")


def _read(path: Path, length: int) -> Iterator[Entry]:
    if path.stat().st_size < length:
        raise FileTooShort(f"{path.stat().st_size} bytes are left of {length}", str(path))
    yield from read_entries(path, length=length)


def _faults(numbering: Numbering, numbers: Numbers) -> Iterator[str]:
    for first, last in numbers.missing(numbering.first, numbering.last):
        holes = [(hole.first, hole.last) for hole in numbering.holes]
        for begin, end in _outside(first, last, holes):
            yield f"numbers {begin} to {end} of {numbering.id} are gone"
    for first, last in numbers.repeated():
        if list(_outside(first, last, numbering.reused)):
            yield f"numbers {first} to {last} of {numbering.id} are stored twice"


def _outside(first: int, last: int, known: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What of a range none of the known ranges covers."""
    covered = Numbers([list(one) for one in known])
    yield from covered.missing(first, last)
