"""Make the backup that is due: full, differential or incremental, by the age of the newest ones.

Run by the account that owns the repository. pgBackRest takes up again what an interrupted backup left behind. Exit
status: 0 made, 1 a problem (one message on standard error), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from amanat_host import processes
from amanat_host.entry import program
from amanat_host.errors import HostError
from amanat_host.pgbackrest.commands import STANZA, stanza
from amanat_host.times import DAY_SECONDS

Info = Mapping[str, Any]  # what `pgbackrest info` says, or a part of it
ROOT = Path("/var/lib/amanat/repository")
ROOM_BYTES = 16 << 20  # less is as good as none
UNREADABLE = 99  # pgBackRest's status "other", of one repository
AHEAD_SECONDS = 120  # by which two clocks in order may differ
NAMES = {"full": "full", "diff": "differential", "incr": "incremental"}


def newest(info: Info, *kinds: str) -> Info | None:
    """The newest whole backup of these kinds that belongs to the present cluster."""
    present = max((one["id"] for one in info.get("db", ())), default=None)
    found = [
        one
        for one in info.get("backup", ())
        if one["type"] in kinds and not one.get("error") and one["database"]["id"] == present
    ]
    return max(found, key=lambda one: one["timestamp"]["start"], default=None)


def due(info: Info, now: float, full_days: int, interval_hours: int) -> str:
    """Which kind comes next. Half an interval too early counts as due: the next chance comes half of one too late."""
    early = interval_hours * 3600 / 2

    def older(backup: Info | None, seconds: float) -> bool:
        return backup is None or now - backup["timestamp"]["start"] >= seconds - early

    if older(newest(info, "full"), full_days * DAY_SECONDS):
        return "full"
    return "diff" if older(newest(info, "full", "diff"), DAY_SECONDS) else "incr"


def refuse_what_is_unreadable(info: Info) -> None:
    """Raise `HostError` when pgBackRest can't read its own records: it would print what it takes for them."""
    for repository in info.get("repo", ()):
        if repository["status"]["code"] == UNREADABLE:
            said = repository["status"]["message"].partition("\n")[0]
            raise HostError(
                f"{said} Its records are damaged, or repo1-cipher-pass is not the one they were encrypted with. "
                "No backup is made; the WAL waits on the store. `make up` puts the stack's own passphrase back"
            )


def refuse_a_wrong_clock(info: Info, now: float) -> None:
    """Raise `HostError` when backups are dated ahead: pgBackRest would refuse the next one, and ages mean nothing."""
    starts = {one["label"]: one["timestamp"]["start"] for one in info.get("backup", ())}
    ahead = {label: start - now for label, start in starts.items() if start - now > AHEAD_SECONDS}
    if ahead:
        label = max(ahead, key=ahead.__getitem__)
        raise HostError(
            f"backup {label} is dated {ahead[label] / 60:.0f} minutes ahead: this host's clock is wrong, or was. "
            "No backup is made until that time is over; set the clock right if it is wrong now"
        )


def told(info: Info, now: float) -> str:
    """One line for people about the newest backup."""
    made, full = newest(info, *NAMES), newest(info, "full")
    if made is None or full is None:
        raise HostError("pgbackrest reported success, but the repository holds no whole backup")
    seconds = made["timestamp"]["stop"] - made["timestamp"]["start"]
    added = made["info"]["repository"]["delta"] / 2**20
    age = (now - full["timestamp"]["stop"]) / DAY_SECONDS
    return (
        f"{NAMES[made['type']]} backup {made['label']}: {seconds} s, {added:.1f} MiB added; "
        f"the newest full one is {age:.1f} days old"
    )


def make(kind: str) -> None:
    """Let pgBackRest make a backup and say so itself. Raises `HostError`; without room, before it begins."""
    free = shutil.disk_usage(ROOT).free
    if free < ROOM_BYTES:
        raise HostError(
            f"no space left on the disk of {ROOT}: {free >> 20} MiB are free. No backup is made; the WAL waits on the "
            "store, and leaves by itself when there is room"
        )
    command = [
        "/usr/bin/pgbackrest",
        f"--stanza={STANZA}",
        f"--type={kind}",
        "--log-level-console=info",
        "backup",
    ]
    status = processes.run(command).returncode
    if status != 0:
        raise HostError(f"pgbackrest backup failed with status {status}; its own lines stand above")


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full-days", type=int, required=True, help="days between two full backups")
    parser.add_argument("--interval-hours", type=int, required=True, help="hours between two backups")
    return parser.parse_args(given)


@program
def main() -> None:
    """Make it, and say so."""
    given = arguments()
    held, now = stanza(), time.time()
    refuse_what_is_unreadable(held)
    refuse_a_wrong_clock(held, now)
    make(due(held, now, given.full_days, given.interval_hours))
    sys.stdout.write(told(stanza(), time.time()) + "\n")
