"""Make up markers for an audit to record, and say whether they lie on the disk: raw image, server's files.

    probe-marker draw   new markers: random texts that nobody chose
    probe-marker look   for each marker drawn lately whether it is there: yes or no, not where and not how often

The same search looks for two texts of its own: one that lies readable on the disk, one in an encrypted file.

It looks for nothing else and reads nothing from the caller: who could name the text would learn, guess by guess, what
the database holds. Written pages are flushed to the image first, so it is as the disk would be found.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from amanat_host.answers.archive import Drawn
from amanat_host.answers.volume import Found, MarkersOnDisk, PlantedOnDisk, SearchedFiles, SearchedImage
from amanat_host.commands import run
from amanat_host.entry import probe
from amanat_host.markers import draw, drawn, planted
from amanat_host.scratch import alone
from amanat_host.volume import ext4
from amanat_host.volume.layout import Layout
from amanat_host.volume.search import CHUNK, Search, in_files


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


def on_disk(path: Path, *searches: Search) -> None:
    """Search an image or block device as it is on the disk, past the cache."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
        with mmap.mmap(-1, CHUNK) as buffer:  # direct reads want an aligned buffer
            for start, end in extents(descriptor, size) if path.is_file() else [(0, size)]:
                for search in searches:
                    search.part()
                while start < end and (count := os.preadv(descriptor, [buffer], start)):
                    chunk = buffer[: min(count, end - start)]
                    for search in searches:
                        search.add(chunk)
                    start += len(chunk)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def readable(layout: Layout) -> Iterator[bytes]:
    """A text that lies on the disk as it is: a file beside the encrypted directory.

    All of a LUKS volume is encrypted; there it is what the header says in clear, its UUID.
    """
    if layout.method == "luks":
        yield str(uuid.UUID(hex=ext4.identity(layout.backing))).encode()
        return
    with planted(layout.mount, "plain") as (_, text):
        yield text


def searched(markers: Sequence[bytes]) -> MarkersOnDisk:
    """What was found, by marker."""
    layout = Layout.load()
    with readable(layout) as plain, planted(layout.encrypted_dir, "sealed") as (_, sealed):
        run("sync", "--file-system", str(layout.encrypted_dir))
        wanted = [*markers, sealed]
        disk, files, control = Search(wanted), Search(wanted), Search([plain])
        on_disk(layout.backing, disk, control)
        number, _ = in_files(layout.encrypted_dir.rglob("*"), files)
    return MarkersOnDisk(
        planted=PlantedOnDisk(
            plain_in_image=control.found[plain] > 0,
            sealed_in_files=files.found[sealed] > 0,
            sealed_in_image=disk.found[sealed] > 0,
        ),
        image=SearchedImage(str(layout.backing), disk.searched_bytes),
        files=SearchedFiles(str(layout.encrypted_dir), number, files.searched_bytes),
        markers={
            marker.decode(): Found(in_image=disk.found[marker] > 0, in_files=files.found[marker] > 0)
            for marker in markers
        },
    )


def look() -> MarkersOnDisk:
    """Look for the markers drawn lately, one run at a time."""
    with alone("probe-marker"):
        return searched(drawn())


main = probe(__doc__, {"draw": lambda: Drawn(draw()), "look": look}, long_seconds={"look": 500})
