#!/usr/bin/python3 -B
"""Say how often each line of standard input occurs on the disk: in the raw image, and in the server's files.

Only reads, never repeats the bytes. Written pages are flushed to the image first, so it is as the disk would
be found. Exit status: 0 searched (whatever was found), 1 a problem (one message on standard error).
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from amanat_volume.layout import Layout
from amanat_volume.problem import Problem, run
from amanat_volume.searching import CHUNK, LONGEST, Search, in_files

SHORTEST, MOST = 8, 16
NAMED = 20


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
    """Search and return what was found, marker by marker in the order they were given."""
    if not 1 <= len(markers) <= MOST:
        raise Problem(f"there are {len(markers)} markers, not 1 to {MOST}", "standard input")
    for marker in markers:
        if not SHORTEST <= len(marker) <= LONGEST:
            raise Problem(f"a marker has {len(marker)} bytes, not {SHORTEST} to {LONGEST}", "standard input")
    layout = Layout.load()
    run("sync", "--file-system", str(layout.vault))
    disk, files = Search(markers), Search(markers)
    on_disk(layout.backing, disk)
    number, where = in_files(layout.vault.rglob("*"), files)
    return {
        "image": {"path": str(layout.backing), "searched_bytes": disk.searched_bytes},
        "files": {"root": str(layout.vault), "files": number, "searched_bytes": files.searched_bytes},
        "markers": [
            {
                "sha256": hashlib.sha256(marker).hexdigest(),
                "in_image": disk.found[marker],
                "in_files": files.found[marker],
                "where": [str(path.relative_to(layout.vault)) for path in where[marker][:NAMED]],
            }
            for marker in markers
        ],
    }


def main() -> int:
    """Print what was found and return the exit status."""
    try:
        given = sys.stdin.buffer.read((LONGEST + 1) * MOST + 1)
        sys.stdout.write(json.dumps(facts(given.splitlines()), indent=2) + "\n")
    except (Problem, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
