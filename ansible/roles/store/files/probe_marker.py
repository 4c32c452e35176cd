#!/usr/bin/python3 -B
"""Say whether bytes given on standard input occur on the disk: in the raw image, and in the server's files.

Only reads, never repeats the bytes. Written pages are flushed to the image first, so it is as the disk would
be found. Exit status: 0 searched (whatever was found), 1 a problem (one message on standard error).
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from amanat_volume.layout import Layout
from amanat_volume.problem import Problem, run

SHORTEST, LONGEST = 8, 4096
CHUNK = 8 << 20
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


def in_file(path: Path, marker: bytes) -> tuple[int, int]:
    """Count a marker in a file as its readers see it; return the count and the bytes searched."""
    found = searched = 0
    tail = b""
    with open(path, "rb", buffering=0) as opened:
        while chunk := opened.read(CHUNK):
            found += (tail + chunk).count(marker)
            searched += len(chunk)
            tail = chunk[-(len(marker) - 1) :]
    return found, searched


def on_disk(path: Path, marker: bytes) -> tuple[int, int]:
    """Count a marker in an image or block device as it is on the disk, past the cache.

    Returns the count and the bytes searched.
    """
    found = searched = 0
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
        with mmap.mmap(-1, CHUNK) as buffer:  # direct reads want an aligned buffer
            for start, end in extents(descriptor, size) if path.is_file() else [(0, size)]:
                tail = b""
                while start < end and (count := os.preadv(descriptor, [buffer], start)):
                    chunk = buffer[: min(count, end - start)]
                    found += (tail + chunk).count(marker)
                    start += len(chunk)
                    searched += len(chunk)
                    tail = chunk[-(len(marker) - 1) :]
    finally:
        os.close(descriptor)
    return found, searched


def in_files(root: Path, marker: bytes) -> dict[str, object]:
    """Search every file below a directory as the server sees it; one that vanishes is passed over."""
    files = found = searched = 0
    where = []
    for path in root.rglob("*"):
        try:
            if path.is_symlink() or not path.is_file():
                continue
            hits, size = in_file(path, marker)
        except FileNotFoundError:
            continue
        files, found, searched = files + 1, found + hits, searched + size
        if hits:
            where.append(str(path.relative_to(root)))
    return {
        "root": str(root),
        "files": files,
        "searched_bytes": searched,
        "occurrences": found,
        "where": where[:NAMED],
    }


def facts(marker: bytes) -> dict[str, object]:
    """Search and return what was found."""
    if not SHORTEST <= len(marker) <= LONGEST:
        raise Problem(f"the marker has {len(marker)} bytes, not {SHORTEST} to {LONGEST}", "standard input")
    layout = Layout.load()
    run("sync", "--file-system", str(layout.vault))
    found, searched = on_disk(layout.backing, marker)
    return {
        "marker_sha256": hashlib.sha256(marker).hexdigest(),
        "image": {"path": str(layout.backing), "searched_bytes": searched, "occurrences": found},
        "files": in_files(layout.vault, marker),
    }


def main() -> int:
    """Print what was found and return the exit status."""
    try:
        marker = sys.stdin.buffer.read(LONGEST + 2).removesuffix(b"\n")
        sys.stdout.write(json.dumps(facts(marker), indent=2) + "\n")
    except (Problem, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
