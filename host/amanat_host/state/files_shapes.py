"""Tells many paths by their shape: a path whose numbers are folded, and how all paths of that shape are.

A directory of data has as many files as there is data, named by numbers. Folded, it is some dozens of shapes:
`/srv/archive/postgresql/17/main/base/<n>/<n>_fsm`. A shape's value is that of most of its paths; what is otherwise is
told by its own path, so that one odd mode among thousands shows.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from amanat_host.state.files_walk import shown

MOST_TOLD = 10  # paths of one shape that are alike, and otherwise than most
MOST_DECIMALS = 10  # of a number; more digits are a digest, a moment or a place in the log
# Directories that are filled by the first characters of a digest or number: where they lie, what such a name is like.
FANS: tuple[tuple[re.Pattern[str], re.Pattern[str], str], ...] = (
    (re.compile("/(srv|var)/.+/(data|index|snapshots)"), re.compile("[0-9a-f]{2}"), "<hex2>"),  # restic
    (re.compile("/var/log/sudo-io/[^/]+(/<id>){0,2}"), re.compile("[0-9A-Z]{2}"), "<id>"),
)
NUMBER = re.compile(
    r"""
    (?<![A-Za-z0-9]) (?P<uuid> [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12} ) (?![A-Za-z0-9])
    | (?<![A-Za-z0-9]) (?P<hex> [0-9a-f]{8,} | [0-9A-F]{8,} ) (?![A-Za-z0-9])
    | \d{3,}
    """,
    re.X,
)


def folded(name: str) -> str:
    """A name with its longer numbers as `<n>`, `<uuid>` or `<hex64>`; a `<` of its own stays apart from those."""
    # No name has a NUL in it.
    return shown(NUMBER.sub(_placeholder, name.replace("<", "\0"))).replace("\\u0000", "\\u003c")


def _placeholder(number: re.Match[str]) -> str:
    digits = number["hex"] or ""
    if number["uuid"]:
        return "<uuid>"
    return f"<hex{len(digits)}>" if digits and not _is_decimal(digits) else "<n>"


def _is_decimal(digits: str) -> bool:
    return digits.isdecimal() and len(digits) <= MOST_DECIMALS


def folding(kept: frozenset[str]) -> Callable[[str], str]:
    """A function that gives a path's shape; `kept`: names that are no numbers, whatever digits they have."""

    @functools.cache
    def of_directory(path: str) -> str:
        return shape(path) if path else ""

    def shape(path: str) -> str:
        above, _, name = path.rpartition("/")
        directory = of_directory(above)
        return f"{directory}/{shown(name) if name in kept else fanned(directory, name) or folded(name)}"

    return shape


def fanned(directory: str, name: str) -> str:
    """What stands for a name below a directory that is filled by such names; "" for any other."""
    return next(
        (text for where, form, text in FANS if form.fullmatch(name) and where.fullmatch(directory)), ""
    )


class Told(NamedTuple):
    """One item: what it is of, how that is, Unix time of the last change, and a path that it stands for."""

    item: str
    value: str
    changed: float
    example: str


@dataclass
class _Alike:
    """The paths of one shape that are alike."""

    count: int
    changed: float  # Unix time of the last change of any
    paths: list[tuple[str, float]]  # some, each with the time of its change


class Shapes:
    """The shapes of paths while a host is read; `kept` as in `folding`."""

    def __init__(self, kept: frozenset[str] = frozenset()) -> None:
        self._shape = folding(kept)
        self._alike: dict[tuple[str, str], dict[str, _Alike]] = defaultdict(dict)

    def add(self, path: str, value: str, changed: float, kind: str = "") -> None:
        """Note a path; `kind` is what the item says before it ("attribute … of "), `changed` a Unix time."""
        values = self._alike[kind, self._shape(path)]
        alike = values.setdefault(value, _Alike(0, changed, []))
        alike.count += 1
        alike.changed = max(alike.changed, changed)
        if len(alike.paths) < MOST_TOLD:
            alike.paths.append((path, changed))

    def told(self) -> Iterator[Told]:
        """Each shape as most of its paths are, and by itself each path that is otherwise."""
        for (kind, shape), values in self._alike.items():
            usual = max(values, key=lambda value: (values[value].count, value))
            for value, alike in values.items():
                if value == usual:
                    yield Told(f"{kind}{shape}", value, alike.changed, shown(alike.paths[0][0]))
                    continue
                for path, changed in alike.paths:
                    yield Told(f"{kind}{shown(path)}", value, changed, shown(path))
