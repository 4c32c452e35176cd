"""Puts a state together: items, and since when they are so."""

from __future__ import annotations

import os
from collections.abc import Iterator

from amanat_host.answers.state import State
from amanat_host.times import utc

BESIDE = " | and another: "  # between the values of things that nothing but these tells apart


class Listing:
    """The items of a state while they are read. `numbered`: what the second and further ones of a name are called."""

    def __init__(self, numbered: str = "{item} #{number}") -> None:
        self._numbered = numbered
        self._found: dict[str, set[str]] = {}
        self.since: dict[str, str] = {}
        self.examples: dict[str, str] = {}

    @property
    def items(self) -> dict[str, str]:
        """Item -> value; different values of one name are joined."""
        return {item: BESIDE.join(sorted(values)) for item, values in self._found.items()}

    def add(self, item: str, value: str, changed: float | None = None, example: str = "") -> None:
        """Note an item; of a name that is taken both values stay.

        `changed` is the Unix time of its last change, `example` one thing of those that it is of.
        """
        self._values(item).add(value)
        if not item.endswith(example):
            self.examples[item] = example
        if changed:
            self._note_change(item, utc(changed))

    def add_numbered(self, item: str, value: str, changed: float | None = None) -> None:
        """Note an item whose name may be taken: it is one more, and gets a number."""
        name, number = item, 1
        while name in self._found:
            number += 1
            name = self._numbered.format(item=item, number=number)
        self.add(name, value, changed)

    def take(self, other: Listing) -> None:
        """Note all that another listing has."""
        for item, values in other._found.items():
            self._values(item).update(values)
        for item, changed in other.since.items():
            self._note_change(item, changed)
        self.examples |= other.examples

    def _values(self, item: str) -> set[str]:
        return self._found.setdefault(item, set())

    def _note_change(self, item: str, changed: str) -> None:
        self.since[item] = max(changed, self.since.get(item, ""))  # one form of UTC sorts by time

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
