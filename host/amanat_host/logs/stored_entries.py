"""The entries of a machine's stored journal as they lie on the log server's disk, sealed days and others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from amanat_host.logs import sealed_file
from amanat_host.logs import state as states
from amanat_host.logs.entries import Entry, Parser
from amanat_host.logs.layout import plain_path
from amanat_host.logs.state import Point, State

BLOCK_BYTES = 1024 * 1024


def start_of(state: State, number: int) -> Point | None:
    """The newest known place before the entries of the newest numbering above a number; None for the beginning."""
    numbering = state.last.numbering if state.last else ""
    known = (point for point in state.recent if point.numbering == numbering and point.number <= number)
    return max(known, key=lambda point: point.number, default=None)


def stored_entries(
    directory: Path, sealed: Path | None, state: State, after: Point | None
) -> Iterator[Entry]:
    """The committed entries after a place, or all of them; `sealed` is the directory of sealed days.

    Raises AlteredFile, NotTheFormat, UnreadableState or OSError.
    """
    lengths = state.lengths
    for day in sorted({*lengths, *(sealed_file.sealed_days(sealed) if sealed else [])}):
        if after is None or day >= after.day:
            offset = after.offset if after and day == after.day else 0
            file = sealed_file.sealed_path(sealed, day) if sealed else None
            # The collector lets go of a sealed day in its state first, then of the file.
            if file and file.exists() and (day not in lengths or not plain_path(directory, day).exists()):
                yield from _sealed_entries(file, offset)
            else:
                yield from read_entries(plain_path(directory, day), offset, lengths.get(day))


def _sealed_entries(file: Path, offset: int) -> Iterator[Entry]:
    """The entries of a sealed file from an offset of its content on."""
    for entry in sealed_file.read_entries(file):
        if offset <= 0:
            yield entry
        offset -= len(entry.raw)


def read_entries(path: Path, offset: int = 0, length: int | None = None) -> Iterator[Entry]:
    """The entries of a day's file, up to `length` bytes of the file. Raises NotTheFormat or OSError."""
    parser = Parser()
    left = (path.stat().st_size if length is None else length) - offset
    with path.open("rb") as file:
        file.seek(offset)
        while left > 0 and (data := file.read(min(BLOCK_BYTES, left))):
            left -= len(data)
            yield from parser.feed(data)
    if parser.is_within_an_entry:
        raise states.UnreadableState("the last entry has no end", str(path))
