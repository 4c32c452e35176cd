"""Texts that an audit plants by a client and a probe looks for: drawn here, at random, never the caller's choice.

Who could choose them would learn, text by text, what the database holds. A probe looks for what was drawn on its own
host and says yes or no.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

from amanat_host.answers.archive import Markers
from amanat_host.errors import HostError
from amanat_host.scratch import alone, own_place, scratch

FILE = "amanat-markers.json"
PREFIX = "amanat-audit-drawn-"
MOST_DRAWS = 8  # further ones push out the oldest: a search costs time for each
VALID_SECONDS = 2 * 3600
PLANTED_TIMES = 64  # fills a block: a file system may keep less beside the file's name


class Draw(TypedDict):
    """Markers drawn at one time, in seconds since 1970."""

    at: float
    markers: list[str]


class NoneDrawn(HostError):
    """There is nothing to look for."""


def draw(place: Path | None = None) -> Markers:
    """New markers, remembered where only this account reads; `place` is for tests."""
    place = place or own_place()
    drawn = [f"{PREFIX}{part}-{secrets.token_hex(16)}" for part in ("content", "origin")]
    with alone("markers", place):
        kept = [*_draws(place), Draw(at=time.time(), markers=drawn)][-MOST_DRAWS:]
        new = place / f"{FILE}.new"
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w") as stream:
            json.dump(kept, stream)
        new.replace(place / FILE)
    return Markers(*drawn)


def drawn(place: Path | None = None) -> list[bytes]:
    """The markers that are looked for: those of the last draws. Raises `NoneDrawn` when there are none."""
    place = place or own_place()
    with alone("markers", place):
        found = [text.encode() for draw in _draws(place) for text in draw["markers"]]
    if not found:
        raise NoneDrawn("no marker was drawn here lately: ask for one first, and record a message with it")
    return found


@contextlib.contextmanager
def planted(place: Path, name: str) -> Iterator[tuple[Path, bytes]]:
    """A file below `place` that holds a new text, for one search; gives its path and the text.

    It goes with the program, however that ends. Who looks for the text and doesn't find it there finds nothing.
    """
    text = f"{PREFIX}{name}-{secrets.token_hex(16)}".encode()
    with scratch(f"planted-{name}", place, prefix=f".amanat-planted-{name}-") as directory:
        file = directory / "text"
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as stream:
            stream.write(b"\n".join([text] * PLANTED_TIMES))
            stream.flush()
            os.fsync(stream.fileno())
        yield file, text


def _draws(place: Path) -> list[Draw]:
    """The draws that still count, oldest first."""
    try:
        kept: list[Draw] = json.loads((place / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    now = time.time()
    return [draw for draw in kept if 0 <= now - draw["at"] < VALID_SECONDS]
