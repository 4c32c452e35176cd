"""Finds recordings that sudo has begun, without reading all of those that are there each time."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path

# Within so much of a change another may have the same time: a kernel's clock of files goes by steps.
SETTLING_NS = 2_000_000_000
DIGITS = 36
NUMBER_LENGTH = 6
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class NewRecordings:
    """The names of recordings below a directory, each once; again where sudo gives its number to another session.

    sudo makes a directory for each recording, by the digits of its number, and keeps an account's last number in `seq`.
    """

    def __init__(self, records: Path) -> None:
        self._records = records
        self._looked: dict[str, int] = {}  # a directory -> when it was changed, as it was last listed
        self._seen: dict[str, int] = {}  # name -> the directory's inode
        self._last: dict[
            str, tuple[int, int]
        ] = {}  # account -> its last number, the time before and the last time

    def find(self, now_ns: int) -> set[str]:
        """The names that are new since the last time. Raises OSError."""
        found: set[str] = set()
        for account in _directories(self._records):
            found |= self._by_number(account)
            for first in _directories(account.path):
                for second in _directories(first.path):
                    found |= self._listed(account.name, second, now_ns)
        return found

    def _listed(self, account: str, place: os.DirEntry[str], now_ns: int) -> set[str]:
        """The new recordings in a directory of them."""
        changed = place.stat(follow_symlinks=False).st_mtime_ns
        if self._looked.get(place.path) == changed:
            return set()
        if abs(now_ns - changed) > SETTLING_NS:
            self._looked[place.path] = changed
        above = os.path.basename(os.path.dirname(place.path))
        found = set()
        for one in _directories(place.path):
            name = f"{account}/{above}{place.name}{one.name}"
            if self._seen.get(name) != one.inode():
                self._seen[name] = one.inode()
                found.add(name)
        return found

    def _by_number(self, account: os.DirEntry[str]) -> set[str]:
        """Those of the numbers that sudo gave since the time before the last: they may have been another's.

        Twice, since sudo gives a number before it writes whose it is now.
        """
        try:
            number = int(Path(account.path, "seq").read_bytes().strip() or b"0", DIGITS)
        except (FileNotFoundError, ValueError):
            return set()
        before, last = self._last.get(account.name, (number, number))
        self._last[account.name] = (last, number)
        begun = range(before + 1, number + 1) if before <= number else range(1, number + 1)
        return {f"{account.name}/{_digits(one)}" for one in begun}


def newest_last(names: Iterable[str]) -> list[str]:
    """Names in the order of their numbers, the highest of each account at the end."""
    by_account: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names, reverse=True):
        by_account[name.partition("/")[0]].append(name)
    turns = [name for turn in zip_longest(*by_account.values()) for name in turn if name]
    return turns[::-1]


def _digits(number: int) -> str:
    """A number as sudo writes it."""
    text = ""
    while number:
        number, digit = divmod(number, DIGITS)
        text = ALPHABET[digit] + text
    return text.rjust(NUMBER_LENGTH, "0")


def _directories(path: str | Path) -> Iterator[os.DirEntry[str]]:
    """The directories in a directory; nothing where it is gone."""
    try:
        with os.scandir(path) as entries:
            yield from [one for one in entries if one.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return
