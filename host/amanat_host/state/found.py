"""Collects what a dimension's readers find, and reads the files that they share."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Mapping

from amanat_host import processes
from amanat_host.accounts import account_name, group_name
from amanat_host.answers.state import State
from amanat_host.state.listing import Listing, changed_at
from amanat_host.system.state import output, text


class Found:
    """Items of a dimension as they are found; `state` is the answer."""

    def __init__(self) -> None:
        self._listing = Listing(numbered="{item} ({number})")

    @property
    def items(self) -> Mapping[str, str]:
        """What was found until now."""
        return self._listing.items

    def add(self, item: str, value: str, source: str = "") -> None:
        """Add an item; one of the same name gets a number, for it is one more. `source`: the file that it is of."""
        self._listing.add_numbered(item, value, changed_at(source, follow=True) if source else None)

    def state(self) -> State:
        """All of it."""
        return self._listing.state()


def answer(*command: str) -> str:
    """Standard output of a program; "" where it is not installed, which leaves out its items."""
    return output(*command) if os.path.exists(command[0]) else ""


def whole_answer(*command: str) -> str:
    """Standard output and errors of a program, "" where it is not installed."""
    if not os.path.exists(command[0]):
        return ""
    done = processes.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    return str(done.stdout) + str(done.stderr)


def effective_lines(path: str) -> list[str]:
    """What a file says: without comments, empty lines and runs of blanks; a line that goes on with \\ is one."""
    joined = text(path).replace("\\\n", " ").splitlines()
    lines = (" ".join(line.split("#", 1)[0].split()) for line in joined)
    return [line for line in lines if line]


def add_lines(found: Found, name: str, path: str) -> None:
    """Each effective line of a file where the order tells, numbered within the file."""
    for number, line in enumerate(effective_lines(path), 1):
        found.add(f"{name} line {number:02}", line, path)


def paths(*patterns: str) -> Iterator[str]:
    """The paths of these glob patterns, sorted; hidden ones too."""
    for pattern in patterns:
        yield from sorted(glob.glob(pattern, include_hidden=True))


def regular_files(*patterns: str) -> Iterator[str]:
    """Those of `paths` that are files, by a link or not."""
    return filter(os.path.isfile, paths(*patterns))


def ownership(path: str) -> str:
    """Owner, group and mode of a path itself: `root:root 0600`."""
    facts = os.lstat(path)
    kind = " link" if stat.S_ISLNK(facts.st_mode) else ""
    return f"{account_name(facts.st_uid)}:{group_name(facts.st_gid)} {stat.S_IMODE(facts.st_mode):04o}{kind}"
