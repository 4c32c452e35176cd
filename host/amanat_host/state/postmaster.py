"""How PostgreSQL's server was started and what it has loaded: read beside it, since it can't say all of that itself."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from amanat_host.postgresql import BIN

PROC = Path("/proc")
SIGNALS = (
    "standby.signal",
    "recovery.signal",
    "backup_label",
    "tablespace_map",
)  # each changes what a start does
# A library's version is its package's business.
LIBRARY = re.compile(
    r"^/usr/lib/[a-z0-9_]+-linux-gnu/(?P<name>lib[A-Za-z0-9_+-]+?|ld-linux)"
    r"(?:-(?:shared-|x86-|aarch)?[0-9][a-z0-9_.-]*)?\.so[.0-9]*$"
)


def items(data: Path, proc: Path = PROC) -> dict[str, str]:
    """The server of the data directory: its command, its environment's names, its libraries, its start files."""
    pid = (data / "postmaster.pid").read_text("utf-8").splitlines()[0]
    process = proc / pid
    command = (process / "cmdline").read_bytes().split(b"\0")[:-1]
    found = {
        "server: command": " ".join(os.fsdecode(word) for word in command),
        "server: program": os.readlink(process / "exe").removesuffix(" (deleted)"),
    }
    environment = (process / "environ").read_bytes().split(b"\0")
    found |= {
        f"server: variable {os.fsdecode(entry.partition(b'=')[0])}": "set" for entry in environment if entry
    }
    found |= {f"server: library {name}": "loaded" for name in libraries(process / "maps")}
    found |= {f"server: file {name}": "there" for name in SIGNALS if (data / name).exists()}
    # The log, or anything else, may have been moved to another disk.
    found |= {
        f"server: link {path.name}": f"to {os.readlink(path)}" for path in data.iterdir() if path.is_symlink()
    }
    return found


def libraries(maps: Path) -> set[str]:
    """What is mapped to be executed: paths, without versions where Debian's own directories have them."""
    names = set()
    for line in maps.read_text("utf-8", "surrogateescape").splitlines():
        _, access, _, _, _, *path = line.split(maxsplit=5)
        if "x" in access and path and path[0].startswith("/"):
            name = path[0].removesuffix(" (deleted)")
            names.add(LIBRARY.sub(r"\g<name>", name))
    return names - {str(BIN / "postgres")}


def newer_than(loaded: float, files: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Which of the server's files were changed after it read them (`loaded`: UTC seconds): items, and since when.

    By the time of the inode's change, which nobody can set back.
    """
    found: dict[str, str] = {}
    since: dict[str, str] = {}
    for name in files:
        item = f"server: file {name}"
        try:
            changed = os.stat(name).st_ctime
        except OSError as error:
            found[item] = f"can't be seen: {error.strerror}"
            continue
        found[item] = "changed after it was read" if changed > loaded else "as it was read"
        if changed > loaded:
            since[item] = datetime.fromtimestamp(changed, UTC).isoformat(timespec="seconds")
    return found, since
