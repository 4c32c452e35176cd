"""Write one of sudo's recordings, as it is stored on the log server, into a new directory, where sudoreplay reads it.

recording-read MACHINE DAY ACCOUNT/NUMBER DIRECTORY

DAY is the UTC day on which it began. What a session prints is for those who may see it: root alone runs this.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from amanat_host.entry import program
from amanat_host.errors import HostError
from amanat_host.logs import state as states
from amanat_host.logs.entries import Entry
from amanat_host.logs.layout import PLACE, SEALED, STATE
from amanat_host.logs.state import Point
from amanat_host.logs.stored_entries import stored_entries
from amanat_host.logs.stored_recordings import Stored, parts
from amanat_host.system.recordings import place

NAME = re.compile(r"[a-z_][a-z0-9_-]*/[0-9A-Z]{6}")
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def write(entries: Iterable[Entry], name: str, directory: Path) -> Stored:
    """Write the first recording of a name into a directory that is made for it; what was stored of it.

    Raises HostError where there is none, OSError where it can't be written.
    """
    stored = Stored()
    began = None
    for part in parts(entries):
        if part.name != name or began not in (None, part.began):
            continue
        if began is None:
            began = part.began
            _make(directory, _number(name))
        for file, data in stored.add(part):
            _append(directory / _number(name) / file, data)
        if stored.is_whole:
            return stored
    if began is None:
        raise HostError(f"nothing is stored of {name}", fix="Give the day on which it began, in UTC.")
    return stored


def _number(name: str) -> str:
    """Where sudoreplay looks for a recording below its directory."""
    return place(name).partition("/")[2]


def _make(directory: Path, below: str) -> None:
    """Make a directory that is new, and one below it."""
    for one in ("", *below.split("/")):
        directory = directory / one
        directory.mkdir(mode=0o700)


def _append(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a handle
        file.write(data)


@program
def main() -> None:
    """Write it, and tell what it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("machine")
    parser.add_argument("day")
    parser.add_argument("name")
    parser.add_argument("directory", type=Path)
    given = parser.parse_args()
    if not NAME.fullmatch(given.name):
        raise HostError("a recording is an account and a number, as deploy/00000A", given.name)
    if not DAY.fullmatch(given.day):
        raise HostError("a day is a date, as 2026-11-27", given.day)
    machine = PLACE / given.machine
    if given.machine in ("", ".", "..") or not machine.is_dir():
        raise HostError("nothing is stored of this machine", given.machine)
    state = states.read(machine / STATE)
    entries = stored_entries(machine, SEALED / machine.name, state, Point("", "", 0, given.day, 0))
    found = write(entries, given.name, given.directory)
    number = given.name.partition("/")[2]
    kind = "whole" if found.is_whole and not found.left_out_bytes else "not whole"
    left = f", {found.left_out_bytes} bytes were left out" if found.left_out_bytes else ""
    sys.stdout.write(
        f"{given.name} of {given.machine}: {kind}, {len(found.numbers)} parts{left}\n"
        f"sudoreplay --directory={given.directory} {number}\n"
    )
