"""Puts a state together: items, and since when they are so."""

from __future__ import annotations

import os
from collections.abc import Iterator

from amanat_host.answers.state import State
from amanat_host.times import utc


class Listing:
    """The items of a state while they are read. `numbered`: what the second and further ones of a name are called."""

    def __init__(self, numbered: str = "{item} #{number}") -> None:
        self._numbered = numbered
        self.items: dict[str, str] = {}
        self.since: dict[str, str] = {}
        self.examples: dict[str, str] = {}

    def add(self, item: str, value: str, changed: float | None = None, example: str = "") -> None:
        """Note an item; `changed`: the Unix time of its last change; `example`: one thing of those that it is of."""
        self.items[item] = value
        if not item.endswith(example):
            self.examples[item] = example
        if changed:
            self.since[item] = utc(changed)

    def add_numbered(self, item: str, value: str, changed: float | None = None) -> None:
        """Note an item whose name may be taken: it is one more, and gets a number."""
        name, number = item, 1
        while name in self.items:
            number += 1
            name = self._numbered.format(item=item, number=number)
        self.add(name, value, changed)

    def take(self, other: Listing) -> None:
        """Note all that another listing has."""
        self.items |= other.items
        self.since |= other.since
        self.examples |= other.examples

    def state(self) -> State:
        """What was noted."""
        return State(self.items, self.since, self.examples)


def joined(*parts: Listing) -> State:
    """One state of several listings."""
    whole = Listing()
    for part in parts:
        whole.take(part)
    return whole.state()


def changed_at(path: str, *, follow: bool = False) -> float | None:
    """When a file's content or place last changed, as a Unix time; None where it isn't there. A link by itself."""
    try:
        return os.stat(path, follow_symlinks=follow).st_ctime
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
