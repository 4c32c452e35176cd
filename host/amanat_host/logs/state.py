"""What is known of a machine's stored journal: up to which entry it is stored, which numbers are missing, and where.

Plain values, written as one JSON file with each commit. Numbers of different `numberings` have nothing to do with each
other: systemd begins a new one where a machine has lost its journal.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amanat_host.errors import HostError
from amanat_host.logs.entries import Entry

MACHINE_ID = re.compile(rb"^_MACHINE_ID=([0-9a-f]{32})$", re.M)
RECENT_KEPT = 64
# What a machine that means harm can make this file hold; one in order has none or a few of each.
MOST_HOLES = 1000
MOST_NUMBERINGS = 1000
MOST_REUSED = 1000
RECENT_APART = 5000  # entries between two that are kept


class TooStrange(HostError):
    """The machine's journal began anew, or went back, more often than any machine in order does."""


class UnreadableState(HostError, ValueError):
    """The file of the state is not what a commit wrote."""


@dataclass
class Hole:
    """Numbers that never came, both ends included. It is `lost` when the machine was asked and has none of them.

    `merged` is how many numbers between its ends did come: where there were too many holes, two became one.
    """

    first: int
    last: int
    found_at: str  # ISO 8601, UTC
    lost_at: str | None = None
    attempts: int = 0
    merged: int = 0

    @property
    def count(self) -> int:
        """How many numbers are missing."""
        return self.last - self.first + 1 - self.merged

    def without(self, number: int) -> list[Hole]:
        """What is left of it when a number has come."""
        parts = _without(self.first, self.last, number)
        return [dataclasses.replace(self, first=first, last=last) for first, last in parts]


@dataclass
class Numbering:
    """The entries of one numbering that came: from `first` to `last` but for the holes."""

    id: str
    first: int
    last: int
    began_at: str
    machine_id: str = ""  # of the installation that wrote its first entry
    holes: list[Hole] = field(default_factory=list)
    reused: list[tuple[int, int]] = field(default_factory=list)  # given twice, after a crash of the machine

    def is_missing(self, number: int) -> bool:
        """Whether the number is one that may still come."""
        return any(hole.first <= number <= hole.last for hole in self.holes if hole.lost_at is None)

    def add_hole(self, hole: Hole) -> None:
        """Take up a hole; where there are too many, nobody waits for the oldest any more."""
        self.holes.append(hole)
        if len(self.holes) > MOST_HOLES:
            self.holes.sort(key=lambda one: one.first)
            one, other = self.holes[:2]
            between = other.first - one.last - 1
            merged = one.merged + other.merged + between
            self.holes[:2] = [Hole(one.first, other.last, one.found_at, hole.found_at, merged=merged)]

    def fill(self, number: int) -> None:
        """Take a number that came out of its hole."""
        self.holes = [
            part for hole in self.holes for part in (hole.without(number) if hole.lost_at is None else [hole])
        ]

    def come_back(self, number: int) -> None:
        """Take a number that was not given to another entry after all: its own came again."""
        self.fill(number)
        self.reused = [part for first, last in self.reused for part in _without(first, last, number)]

    def go_back_to(self, number: int) -> None:
        """Go on behind a number: what follows it may be given to other entries. Raises TooStrange."""
        if self.last > number:
            self.note_reused(number + 1, self.last)
            self.holes = [hole for hole in self.holes if hole.first <= number]
            self.last = number

    def note_reused(self, first: int, last: int) -> None:
        """Take up numbers that were given twice. Raises TooStrange."""
        if self.reused and self.reused[-1][0] <= last and first <= self.reused[-1][1]:
            first, last = min(first, self.reused[-1][0]), max(last, self.reused[-1][1])
            self.reused.pop()
        self.reused.append((first, last))
        if len(self.reused) > MOST_REUSED:
            raise TooStrange(f"its journal went back more than {MOST_REUSED} times")


@dataclass(frozen=True)
class Point:
    """A stored entry that reading can begin again from: its address, and what follows it in the day's file."""

    cursor: str
    numbering: str
    number: int
    day: str
    offset: int


@dataclass
class State:
    """All of it. `day` is the open one, and `length` what of its file is committed; `ended` has the days before it."""

    day: str = ""
    length: int = 0
    ended: dict[str, int] = field(default_factory=dict)  # day -> length of its file
    entries: int = 0
    numberings: list[Numbering] = field(default_factory=list)
    recent: list[Point] = field(default_factory=list)  # the last one is the newest entry
    checked_at: str | None = None  # when the machine was last asked how far its journal goes
    complete_at: str | None = None  # when all that it had was last found stored

    @property
    def last(self) -> Point | None:
        """The newest entry in the order of its journal."""
        return self.recent[-1] if self.recent else None

    @property
    def lengths(self) -> dict[str, int]:
        """Of each day that has entries the length that is committed."""
        return {**self.ended, **({self.day: self.length} if self.length else {})}

    @property
    def numbering(self) -> Numbering | None:
        """The numbering of the newest entry."""
        return self.of(self.last.numbering) if self.last else None

    def of(self, numbering: str) -> Numbering | None:
        """A numbering by its id."""
        return next((one for one in self.numberings if one.id == numbering), None)

    def open_holes(self) -> Iterator[tuple[Numbering, Hole]]:
        """The holes that may still be filled."""
        for numbering in self.numberings:
            yield from ((numbering, hole) for hole in numbering.holes if hole.lost_at is None)

    def missing_before(self, entry: Entry) -> tuple[int, int] | None:
        """The numbers that should have come before this entry and did not; None where it is the next one.

        Of the first numbering of all nobody knows how it began; every other one begins at 1.
        """
        known = self.of(entry.numbering)
        if known is None and not self.numberings:
            return None
        expected = known.last + 1 if known else 1
        return (expected, entry.number - 1) if entry.number > expected else None

    def note(self, entry: Entry, at: str, day: str, end: int, *, is_late: bool = False) -> None:
        """Take up an entry that is stored, up to `end` in the day's file. A `late` one fills a hole."""
        self.entries += 1
        known = self.of(entry.numbering)
        if is_late and known:
            known.fill(entry.number)
            return
        missing = self.missing_before(entry)
        if known is None:
            first = missing[0] if missing else entry.number
            known = Numbering(entry.numbering, first, entry.number, at, _machine_id(entry))
            self.numberings.append(known)
            if len(self.numberings) > MOST_NUMBERINGS:
                raise TooStrange(f"its journal began anew more than {MOST_NUMBERINGS} times")
        if missing:
            known.add_hole(Hole(*missing, found_at=at))
        known.last = entry.number
        self._remember(Point(entry.cursor, entry.numbering, entry.number, day, end))

    def pass_over(self, entry: Entry, at: str) -> None:
        """Count an entry that is stored already, and came again after a rewind; what should have come before, may."""
        known = self.of(entry.numbering)
        if known:
            missing = self.missing_before(entry)
            if missing:
                known.add_hole(Hole(*missing, found_at=at))
            known.last = max(known.last, entry.number)
            known.come_back(entry.number)

    def _remember(self, point: Point) -> None:
        """Keep the newest entry, and of those before it one now and then."""
        before = self.recent[-2] if len(self.recent) > 1 else None
        if before and before.numbering == point.numbering and point.number - before.number < RECENT_APART:
            self.recent[-1] = point
        else:
            self.recent = [*self.recent, point][-RECENT_KEPT:]

    def rewind_to(self, point: Point) -> None:
        """Go on from an earlier entry: the machine lost what followed it, and gives those numbers to other entries."""
        self.recent = self.recent[: self.recent.index(point) + 1]
        self._go_back(point.numbering, point.number)

    def begin_again(self, numbering: str, number: int) -> None:
        """Go on from a number of a numbering whose entries that are stored may be others."""
        self.recent = []
        self._go_back(numbering, number - 1)

    def _go_back(self, numbering: str, number: int) -> None:
        known = self.of(numbering)
        if known:
            known.go_back_to(number)

    def as_json(self) -> str:
        """The state as a text."""
        return json.dumps(dataclasses.asdict(self), separators=(",", ":"))


def read(path: Path) -> State:
    """The state of a file; a new one where there is none. Raises UnreadableState."""
    if not path.exists():
        return State()
    try:
        return _state(json.loads(path.read_text("utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableState(f"the state can't be read: {type(error).__name__}", str(path)) from error


def _state(document: dict[str, Any]) -> State:
    numberings = [_numbering(one) for one in document.pop("numberings")]
    recent = [Point(**one) for one in document.pop("recent")]
    return State(**document, numberings=numberings, recent=recent)


def _numbering(document: dict[str, Any]) -> Numbering:
    holes = [Hole(**one) for one in document.pop("holes")]
    reused = [(int(first), int(last)) for first, last in document.pop("reused")]
    return Numbering(**document, holes=holes, reused=reused)


def _machine_id(entry: Entry) -> str:
    found = MACHINE_ID.search(entry.raw)
    return found.group(1).decode() if found else ""


def _without(first: int, last: int, number: int) -> list[tuple[int, int]]:
    """What is left of a range of numbers without one of them."""
    if not first <= number <= last:
        return [(first, last)]
    return [part for part in ((first, number - 1), (number + 1, last)) if part[0] <= part[1]]
