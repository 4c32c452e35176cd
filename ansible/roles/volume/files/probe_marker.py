#!/usr/bin/python3 -B
"""Make up markers for an audit to record, and say whether they lie on the disk: raw image, server's files.

    probe-marker draw   new markers: random texts that nobody chose
    probe-marker look   for each marker drawn lately whether it is there: yes or no, not where and not how often

It looks for nothing else and reads nothing from the caller: who could name the text would learn, guess by guess, what
the database holds. Written pages are flushed to the image first, so it is as the disk would be found. Exit status:
0 told, 1 a problem (one message on standard error), 2 wrong usage.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from amanat_markers import draw, drawn
from amanat_scratch import alone
from amanat_volume.layout import Layout
from amanat_volume.problem import Problem, run
from amanat_volume.searching import CHUNK, Search, in_files


def extents(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    """Return the written stretches of a file; what was never written reads as zeros and is passed over."""
    position = 0
    while position < size:
        try:
            start = os.lseek(descriptor, position, os.SEEK_DATA)
        except OSError:
            return
        position = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, position


def on_disk(path: Path, search: Search) -> None:
    """Search an image or block device as it is on the disk, past the cache."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
        with mmap.mmap(-1, CHUNK) as buffer:  # direct reads want an aligned buffer
            for start, end in extents(descriptor, size) if path.is_file() else [(0, size)]:
                search.part()
                while start < end and (count := os.preadv(descriptor, [buffer], start)):
                    chunk = buffer[: min(count, end - start)]
                    search.add(chunk)
                    start += len(chunk)
    finally:
        os.close(descriptor)


def facts(markers: Sequence[bytes]) -> dict[str, object]:
    """Search and return what was found, by marker."""
    layout = Layout.load()
    run("sync", "--file-system", str(layout.vault))
    disk, files = Search(markers), Search(markers)
    on_disk(layout.backing, disk)
    number, _ = in_files(layout.vault.rglob("*"), files)
    return {
        "image": {"path": str(layout.backing), "searched_bytes": disk.searched_bytes},
        "files": {"root": str(layout.vault), "files": number, "searched_bytes": files.searched_bytes},
        "markers": {
            marker.decode(): {"in_image": disk.found[marker] > 0, "in_files": files.found[marker] > 0}
            for marker in markers
        },
    }


def main() -> int:
    """Print what was asked for and return the exit status."""
    if sys.argv[1:] not in (["draw"], ["look"]):
        sys.stderr.write(__doc__ or "")
        return 2
    try:
        if sys.argv[1] == "draw":
            told: dict[str, object] = {"markers": draw()}
        else:
            with alone("probe-marker"):
                told = facts(drawn())
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    except (Problem, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
