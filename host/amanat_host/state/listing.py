"""Puts a state together: items, and since when they are so."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from amanat_host.answers.state import State

ISO = "%Y-%m-%dT%H:%M:%SZ"


class Listing:
    """The items of a state while they are read."""

    def __init__(self) -> None:
        self.items: dict[str, str] = {}
        self.since: dict[str, str] = {}

    def add(self, item: str, value: str, changed: float | None = None) -> None:
        """Note an item; `changed` is the Unix time of its last change."""
        self.items[item] = value
        if changed:
            self.since[item] = time.strftime(ISO, time.gmtime(changed))

    def add_numbered(self, item: str, value: str) -> None:
        """Note an item whose name may be taken: the second is `item #2`."""
        number = 1
        while (name := f"{item} #{number}" if number > 1 else item) in self.items:
            number += 1
        self.add(name, value)

    def take(self, other: Listing) -> None:
        """Note all that another listing has."""
        self.items |= other.items
        self.since |= other.since

    def state(self) -> State:
        """What was noted."""
        return State(self.items, self.since)


def joined(*parts: Listing) -> State:
    """One state of several listings."""
    whole = Listing()
    for part in parts:
        whole.take(part)
    return whole.state()


def changed_at(path: str) -> float | None:
    """When a file's content or place last changed, as a Unix time; None where it isn't there."""
    try:
        return os.lstat(path).st_ctime
    except OSError:
        return None


def files_below(*roots: str) -> Iterator[str]:
    """Every file and link below directories that may not be there, sorted."""
    for root in roots:
        for directory, directories, names in os.walk(root):
            directories.sort()
            links = [name for name in directories if os.path.islink(os.path.join(directory, name))]
            for name in sorted([*names, *links]):
                yield os.path.join(directory, name)
