"""Tells files among a database's relations that are none of its own: named like data, and nobody's catalogue has them.

A relation that a transaction has just made is in no catalogue yet, and the files of one that was dropped go after its
transaction. So what is read is read in this order: the files, who has a transaction number, the catalogue, and the
files again. What is left after that is asked for a second time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from amanat_host.state.system_catalogue import Rows
from amanat_host.times import utc

Connect = Callable[
    [str], AbstractContextManager[Rows]
]  # a session in a database, as what gives a query's rows
Found = dict[Path, tuple[str, float]]  # path -> why it is foreign, and the Unix time of its change

# A session's temporary relations have its number before theirs.
NAME = re.compile(r"(?:t\d+_)?(?P<number>\d+)(?P<fork>_fsm|_vm|_init)?(?:\.(?P<segment>\d+))?")
SEGMENT_BYTES = 1 << 30
# storage/bufpage.h: every page begins with a header, of which this is the page's size and the layout's version.
HEADER_BYTES = 20
SIZE_AND_VERSION = b"\x04\x20"
CLOCKS_SECONDS = 1  # a file system's time is some milliseconds behind the server's
FIRST_MADE_HERE = 16384  # FirstNormalObjectId

RELATIONS = """
SELECT pg_relation_filenode(oid)::int8, relpersistence::text, relisshared FROM pg_class
WHERE pg_relation_filenode(oid) IS NOT NULL
"""
# The numbers that initdb gave: those of a database that nobody can log in to, template0, never change.
OF_INITDB = f"SELECT oid::int8 FROM pg_class WHERE oid < {FIRST_MADE_HERE}"
DATABASES = "SELECT oid::int8, datname, datallowconn FROM pg_database"
# Since when there may be files of relations that no other session sees. A prepared transaction doesn't say.
UNCOMMITTED = """
SELECT CASE WHEN EXISTS (SELECT FROM pg_prepared_xacts) THEN 0
  ELSE extract(epoch FROM min(xact_start))::float8 END
FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
"""


class RelationFile(NamedTuple):
    """A file that has the name of a relation's: its number, fork and segment, bytes, Unix time of its change."""

    path: Path
    number: int
    fork: str
    segment: int
    size: int
    changed: float


class Known(NamedTuple):
    """What a catalogue has: number of a relation's files -> its persistence; and since when more may be on its way."""

    relations: Mapping[int, str]
    uncommitted_since: float | None


def files_of(directory: Path) -> list[RelationFile]:
    """The files of relations in a directory that hold anything; none where it is gone."""
    try:
        entries = list(os.scandir(directory))
    except FileNotFoundError:
        return []
    return [file for entry in entries if (file := _file(Path(entry.path))) and file.size]


def _file(path: Path) -> RelationFile | None:
    """A file by its name; None for what isn't named like a relation's, or is gone."""
    parts = NAME.fullmatch(path.name)
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    if not parts:
        return None
    segment = int(parts["segment"] or 0)
    return RelationFile(
        path, int(parts["number"]), parts["fork"] or "", segment, status.st_size, status.st_ctime
    )


def known(rows: Rows, *, shared: bool) -> Known:
    """What the database of a session knows of its own files, or of those that all databases share."""
    ((since,),) = rows(UNCOMMITTED)
    return Known({number: kept for number, kept, is_shared in rows(RELATIONS) if is_shared == shared}, since)


def known_to_initdb(rows: Rows) -> Known:
    """What a database knows that is as initdb made it, asked in another."""
    return Known({number: "p" for (number,) in rows(OF_INITDB)}, None)


def foreign(catalogue: Known, files: list[RelationFile]) -> Found:
    """Those of the files, read before the catalogue, that are none of a relation."""
    sizes = {(file.number, file.fork, file.segment): file.size for file in files}
    found = {}
    for file in files:
        why = fault(file, catalogue, sizes.get((file.number, file.fork, file.segment - 1), 0))
        if why and (now := _file(file.path)) and now.size:
            found[file.path] = why, file.changed
    return found


def fault(file: RelationFile, catalogue: Known, bytes_before: int) -> str:
    """Why a file is none of a relation; `bytes_before`: the size of the segment before it."""
    if file.segment and bytes_before != SEGMENT_BYTES:
        return "behind a segment that isn't full"
    if not has_pages(file.path):
        return "holds no pages"
    if may_be_uncommitted(file.changed, catalogue.uncommitted_since):
        return ""
    if file.number not in catalogue.relations:
        return "is of no relation"
    if file.fork == "_init" and catalogue.relations[file.number] != "u":
        return "is of no unlogged relation"
    return ""


def may_be_uncommitted(changed: float, since: float | None) -> bool:
    """Whether what changed then can be of a transaction that goes on; `since`: the start of the oldest, if any."""
    return since is not None and changed >= since - CLOCKS_SECONDS


def has_pages(path: Path) -> bool:
    """Whether a file begins like a page: with a page's header, or with nothing yet."""
    try:
        with path.open("rb") as file:
            start = file.read(HEADER_BYTES)
    except OSError:
        return True  # gone meanwhile
    return not any(start) or start[-2:] == SIZE_AND_VERSION


def items(data: Path, connect: Connect) -> tuple[dict[str, str], dict[str, str]]:
    """The files below a data directory that are no relation's, asked for twice: items, and since when they are so."""
    first = _asked(data, connect)
    second = _asked(data, connect) if first else {}
    both = {f"server: file {path.relative_to(data)}": second[path] for path in first if path in second}
    return {item: why for item, (why, _) in both.items()}, {
        item: utc(changed) for item, (_, changed) in both.items()
    }


def _asked(data: Path, connect: Connect) -> Found:
    """What is foreign among the files of all databases, asked once."""
    with connect("postgres") as rows:
        found = _of_no_database(data / "base", rows)
        files = files_of(data / "global")
        found |= foreign(known(rows, shared=True), files)
        databases, initial = rows(DATABASES), known_to_initdb(rows)
    for oid, name, may_connect in databases:
        files = files_of(data / "base" / str(oid))
        if not may_connect:
            found |= foreign(initial, files)
            continue
        with connect(name) as rows:
            found |= foreign(known(rows, shared=False), files)
    return found


def _of_no_database(base: Path, rows: Rows) -> Found:
    """Directories that are named like a database's."""
    directories = {path: path.lstat().st_ctime for path in base.iterdir() if path.name.isdecimal()}
    ((since,),) = rows(UNCOMMITTED)
    known_here = {str(oid) for oid, _, _ in rows(DATABASES)}
    return {
        path: ("is of no database", changed)
        for path, changed in directories.items()
        if path.name not in known_here and not may_be_uncommitted(changed, since) and path.is_dir()
    }
