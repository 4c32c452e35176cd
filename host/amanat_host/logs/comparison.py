"""Digests of a journal's newest entries, by number, so that what a machine has can be compared with what is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from amanat_host.answers.logs import RecentEntries
from amanat_host.logs.entries import Entry


@dataclass(frozen=True)
class Grouping:
    """How many entries share a digest, and among how many of the newest."""

    size: int
    newest: int


# Fine where what was just done stands, coarse before it: a day's worth of a usual machine.
GROUPINGS = (Grouping(size=20, newest=2_000), Grouping(size=1_000, newest=50_000))
MOST_ENTRIES = max(grouping.newest for grouping in GROUPINGS)


def recent(entries: Iterable[Entry], numbering: str) -> RecentEntries:
    """The digests of entries of one numbering, whatever the order in which they come; the last of a number counts.

    Only whole groups have one: each begins after a multiple of its size, so that both sides have the same ones.
    """
    digests: dict[int, bytes] = {}
    for entry in entries:
        if entry.numbering == numbering:
            digests[entry.number] = hashlib.sha256(entry.raw).digest()
    last = max(digests, default=0)
    ranges: dict[str, str] = {}
    for name, numbers in groups(last).items():
        if all(number in digests for number in numbers):
            whole = hashlib.sha256(b"".join(digests[number] for number in numbers))
            ranges[name] = whole.hexdigest()[:32]
    return RecentEntries(numbering, last, ranges)


def groups(last: int) -> dict[str, range]:
    """The groups of numbers that have a digest where `last` is the newest number, by name."""
    found = {}
    for grouping in GROUPINGS:
        first = max(last - grouping.newest, 0) // grouping.size
        for group in range(first, last // grouping.size):
            numbers = range(group * grouping.size + 1, (group + 1) * grouping.size + 1)
            found[f"{numbers[0]}-{numbers[-1]}"] = numbers
    return found
