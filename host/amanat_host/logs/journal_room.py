"""How far back this machine's journal reaches, and all that bounds its size: settings, the disk, journald as it runs.

journald keeps to the least of its limits, so one that nobody thought of undercuts SystemMaxUse. What a setting that
is not there means, says journald.conf(5).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from amanat_host import commands
from amanat_host.answers import logs as answers
from amanat_host.errors import HostError
from amanat_host.logs.entries import Parser
from amanat_host.logs.requests import commands as requests
from amanat_host.state.boot import SYSTEMD_ANALYZE, settings_of
from amanat_host.times import utc

JOURNAL = Path("/var/log/journal")
SECTION = "Journal: "
FIRST = requests(b"ends\n")[0]
SIZE = re.compile(r"(\d+)\s*([KMGT]?)B?")
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
TIMESPAN = re.compile(r"^\s*\w?s: (\d+)$", re.MULTILINE)
MICROSECONDS = 1_000_000
NEVER = ("", "0", "infinity")
# What journald says when it starts or moves to the disk: of its own kind, which no other program can send as.
TOLD = (
    *(
        "/usr/bin/journalctl",
        "--quiet",
        "--no-pager",
        "--lines=1",
        "--output=json",
        "--output-fields=MAX_USE",
    ),
    *("MESSAGE_ID=ec387f577b844b8fa948f33cad9a75e6", "_TRANSPORT=driver", "JOURNAL_NAME=System Journal"),
)
DEFAULT_MOST_BYTES = 4 << 30
DEFAULT_FILES = 100
LARGEST_FILE_BYTES = 128 << 20
FILES_IN_A_JOURNAL = 8
# A start, a crash, a jump of the clock or an account ends a file early: it is taken for an eighth of a full one.
SHORT_FILE = 8


def file_bytes(most: int) -> int:
    """The size of a full journal file, in bytes, of a journal that may have `most`: it goes away as a whole."""
    return min(most // FILES_IN_A_JOURNAL, LARGEST_FILE_BYTES)


def read() -> answers.JournalRoom:
    """The journal's reach and limits.

    Raises HostError for a journal that has no entry, HostError or ValueError for a setting that is none.
    """
    entries = list(Parser().feed(commands.run_raw(*FIRST)))
    if not entries:
        raise HostError("the journal is empty", "journalctl")
    set_to = settings(
        commands.run(SYSTEMD_ANALYZE, "cat-config", "--tldr", "--no-pager", "systemd/journald.conf")
    )
    disk = os.statvfs(JOURNAL)
    used = used_bytes(JOURNAL)
    room = disk.f_frsize * disk.f_blocks
    given = bytes_of(set_to, "SystemMaxUse", min(room // 10, DEFAULT_MOST_BYTES))
    kept_free = bytes_of(set_to, "SystemKeepFree", min(room * 15 // 100, DEFAULT_MOST_BYTES))
    limits = {"SystemKeepFree": used + max(0, disk.f_frsize * disk.f_bavail - kept_free)}
    if files := int(set_to.get("SystemMaxFiles", DEFAULT_FILES)):
        limits["SystemMaxFiles"] = (
            files * bytes_of(set_to, "SystemMaxFileSize", file_bytes(given)) // SHORT_FILE
        )
    if told := commands.run(*TOLD).strip():
        limits["journald as it runs"] = int(json.loads(told)["MAX_USE"])
    return answers.JournalRoom(
        oldest_at=utc(entries[0].realtime_us / MICROSECONDS),
        oldest_number=entries[0].number,
        used_bytes=used,
        given_bytes=given,
        limits_bytes=limits,
        kept_seconds=seconds_of(set_to.get("MaxRetentionSec", "")),
    )


def settings(merged: str) -> dict[str, str]:
    """journald's settings, by name, from its configuration files put one behind the other."""
    found = settings_of(merged)
    return {name.removeprefix(SECTION): value for name, value in found.items() if name.startswith(SECTION)}


def used_bytes(directory: Path) -> int:
    """What the journal takes on the disk, those of its files that a crash set aside included."""
    files = [path for path in directory.glob("*/*") if path.name.endswith((".journal", ".journal~"))]
    return sum(path.stat().st_blocks * 512 for path in files)


def bytes_of(set_to: Mapping[str, str], name: str, default: int) -> int:
    """A setting that is a size, in bytes. Raises HostError for one in another form than a number with its unit."""
    text = set_to.get(name, "")
    if not text:
        return default
    found = SIZE.fullmatch(text)
    if not found:
        raise HostError(f"{name} is no size", "journald.conf")
    return int(found[1]) * UNITS[found[2]]


def seconds_of(text: str) -> float:
    """A span of time, as journald's settings have it, in seconds; 0 for one without end. Raises HostError for none."""
    if text in NEVER:
        return 0.0
    told = TIMESPAN.search(commands.run(SYSTEMD_ANALYZE, "timespan", text))
    if not told:
        raise HostError("MaxRetentionSec is no span of time", "journald.conf")
    return int(told[1]) / MICROSECONDS
