"""Find texts in a stream of bytes and in files, without ever repeating them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

LONGEST = 256
CHUNK = 8 << 20


class Search:
    """Counts markers in a stream of chunks; one that two chunks share is counted too."""

    def __init__(self, markers: Sequence[bytes]) -> None:
        self.markers = markers
        self.found = dict.fromkeys(markers, 0)
        self.searched_bytes = 0
        self._tail = b""
        self._common = os.path.commonprefix([*markers]) or b""

    def add(self, chunk: bytes) -> None:
        """Go on with a chunk that follows the last one."""
        seam = self._tail + chunk[:LONGEST]
        # Most of a disk has not even what all markers begin with: one look instead of one for each.
        for marker in self.markers if self._common in seam or self._common in chunk else ():
            across = seam[max(0, len(self._tail) - len(marker) + 1) : len(self._tail) + len(marker) - 1]
            self.found[marker] += across.count(marker) + chunk.count(marker)
        self.searched_bytes += len(chunk)
        self._tail = (self._tail + chunk)[-LONGEST:] if len(chunk) < LONGEST else chunk[-LONGEST:]

    def part(self) -> None:
        """What comes next does not follow what came before."""
        self._tail = b""


def in_file(path: Path, search: Search) -> None:
    """Search a file as its readers see it."""
    search.part()
    with open(path, "rb", buffering=0) as opened:
        while chunk := opened.read(CHUNK):
            search.add(chunk)


def in_files(paths: Iterable[Path], search: Search) -> tuple[int, dict[bytes, list[Path]]]:
    """Search files as the system's users see them; what is no file, or vanishes, is passed over.

    Returns how many files there were, and those that hold each marker.
    """
    files = 0
    where: dict[bytes, list[Path]] = {marker: [] for marker in search.markers}
    for path in paths:
        try:
            if path.is_symlink() or not path.is_file():
                continue
            before = dict(search.found)
            in_file(path, search)
        except FileNotFoundError:
            continue
        files += 1
        for marker, names in where.items():
            if search.found[marker] > before[marker]:
                names.append(path)
    return files, where
