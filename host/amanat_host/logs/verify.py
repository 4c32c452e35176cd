"""Read all that is stored of a machine, and say whether it is what its state says: every number once, or a hole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from amanat_host.errors import HostError
from amanat_host.logs import state as states
from amanat_host.logs.entries import Entry
from amanat_host.logs.state import Numbering, State
from amanat_host.logs.store import STATE, SUFFIX, FileTooShort, days, read_entries

FAULTS_TOLD = 20


@dataclass
class Numbers:
    """The numbers of one numbering that were read: ranges without a gap, in the order in which they were found."""

    ranges: list[list[int]] = field(default_factory=list)

    def add(self, number: int) -> None:
        """Take up a number."""
        if self.ranges and number == self.ranges[-1][1] + 1:
            self.ranges[-1][1] = number
        else:
            self.ranges.append([number, number])

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


@dataclass(frozen=True)
class Stored:
    """A machine's stored journal: its state, and what in the files is not as that says."""

    machine: str
    state: State
    entries: int
    faults: list[str]


def verify(directory: Path) -> Stored:
    """Read all of a machine's days. Raises UnreadableState."""
    state = states.read(directory / STATE)
    numbers: dict[str, Numbers] = {}
    faults: list[str] = []
    entries = 0
    for day, length in _lengths(state).items():
        try:
            for entry in _read(directory / f"{day}{SUFFIX}", length):
                numbers.setdefault(entry.numbering, Numbers()).add(entry.number)
                entries += 1
        except (HostError, OSError) as error:
            faults.append(str(error))
    present = {path.name.removesuffix(SUFFIX) for path in days(directory)}
    faults += [f"nobody stored {day}" for day in sorted(present - {*_lengths(state)}) if day <= state.day]
    for numbering in state.numberings:
        faults += _faults(numbering, numbers.pop(numbering.id, Numbers()))
    faults += [f"entries of a numbering that never came: {unknown}" for unknown in numbers]
    if entries != state.entries:
        faults.append(f"{entries} entries are stored, and {state.entries} came")
    return Stored(directory.name, state, entries, faults[:FAULTS_TOLD])


def _lengths(state: State) -> dict[str, int]:
    """Of each day the length that was committed."""
    return {**state.ended, **({state.day: state.length} if state.length else {})}


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
