"""Look at the server of copies and print what was seen as one JSON object. Changes no copy.

server    how the running server was started; each host's keys, and how old its newest copy is by the server's clock
keeping   after how many days the pruning in force lets a copy go: its choice among scratch files of known age
damage    the smallest repository is checked as it is and, in a scratch copy, with one bit flipped
verified  the last verification: whose record it is, how old, and what it found
content   what changed since that, read again; small repositories are verified here and now
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from amanat_host import processes
from amanat_host import verification as records
from amanat_host.answers.backups import CopyServer, Damage, Keeping, VerificationRecord, VerifiedContent
from amanat_host.corruption import flip_bit
from amanat_host.entry import probe
from amanat_host.errors import HostError
from amanat_host.restic.server import Settings, arrivals, newest_age_hours, outlived, restic
from amanat_host.restic.verify import UNIT as VERIFYING
from amanat_host.restic.verify import files, may_be_gone, misnamed, structure
from amanat_host.scratch import own_place, scratch
from amanat_host.times import DAY_SECONDS

UNIT = "amanat-copies.service"
OLDEST_DAYS = 400
MOST_BYTES = 512 << 20
CHECK_SECONDS = 240


def show(unit: str, *properties: str) -> dict[str, str]:
    """Properties of a unit as the service manager has them now."""
    command = ["/usr/bin/systemctl", "show", f"--property={','.join(properties)}", unit]
    done = processes.run(command, capture_output=True, text=True, check=True)
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def server(settings: Settings) -> CopyServer:
    """The running server's own arguments, and the ages and keys of what it holds."""
    pid = show(UNIT, "MainPID")["MainPID"]
    if pid == "0":
        raise HostError("the server of copies does not run")
    arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode().rstrip("\0").split("\0")
    keys = {
        host: sorted(path.name for path in (settings.root / host / "keys").iterdir())
        for host in settings.made()
    }
    return CopyServer(arguments[1:], newest_age_hours(settings), keys)


def keeping(settings: Settings) -> Keeping:
    """Ask the chooser that the timer runs, with its settings, about a copy of each age.

    As many as it never removes have just come in: a host that was taken over can leave those, and then its old ones
    have their age alone to protect them.
    """
    now = time.time()
    ages_days = [0] * settings.keep_least + list(range(1, OLDEST_DAYS + 1))
    with scratch("keeping", own_place()) as directory:
        for number, days in enumerate(ages_days):
            path = directory / f"{number:064x}"
            path.touch()
            os.utime(path, (now - days * DAY_SECONDS, now - days * DAY_SECONDS))
        gone = outlived(arrivals(directory), now, settings.keep_days, settings.keep_least)
    return Keeping(min((ages_days[int(name, 16)] for name in gone), default=None))


def smallest(settings: Settings) -> tuple[str, int]:
    """The host with the smallest repository, and its bytes."""
    sizes = {
        host: sum(path.stat().st_size for path in (settings.root / host).rglob("*") if path.is_file())
        for host in settings.made()
    }
    if not sizes:
        raise HostError("there is no repository yet")
    host = min(sizes, key=lambda name: sizes[name])
    return host, sizes[host]


def is_whole(repository: Path, key: Path) -> bool:
    """Whether restic finds every byte as it was written."""
    try:
        restic(repository, key, "check", "--read-data", "--no-lock", "--no-cache", seconds=CHECK_SECONDS)
    except HostError as error:
        if " takes more than " in str(error):
            raise
        return False
    return True


def damage(settings: Settings) -> Damage:
    """Check a repository, then its copy with a flipped bit in the largest pack."""
    host, size = smallest(settings)
    if size > MOST_BYTES:
        raise HostError(f"the smallest repository has {size >> 20} MiB, more than a scratch copy may have")
    key = settings.keys / host
    with scratch("damage", Path("/var/tmp")) as directory:  # noqa: S108 - made 0700
        copy = directory / host
        shutil.copytree(settings.root / host, copy, ignore=leave)
        whole = is_whole(copy, key)
        packs = (path for path in (copy / "data").rglob("?" * 64) if path.is_file())
        pack = max(packs, key=lambda path: path.stat().st_size)
        flip_bit(pack)
        found = not is_whole(copy, key)
    return Damage(host, whole=whole, damage_found=found)


def leave(directory: str, names: list[str]) -> list[str]:
    """What a scratch copy does without: locks come and go."""
    return names if Path(directory).name == "locks" else []


def verified(settings: Settings) -> VerificationRecord:
    """The last verification of all copies."""
    known = {host: (settings.root / host / "config").stat().st_mtime for host in settings.made()}
    of_unit = records.is_of_unit(VERIFYING)
    return records.told(records.read(VERIFYING), known, time.time(), of_unit=of_unit)


def content(settings: Settings) -> VerifiedContent:
    """How what was verified is now."""
    records.become(VERIFYING.account)
    before = records.read(VERIFYING)
    if before is None:
        raise HostError(f"copies were never verified: see {VERIFYING.name}")
    changed = records.changed(settings.root, before, may_be_gone(before))
    present = files(settings)
    faults: list[str] = []
    if records.size_bytes(settings.root, present) <= records.READ_AT_AUDIT_BYTES:
        faults = [*misnamed(records.digests(settings.root, present)), *structure(settings)]
    return records.content(changed, faults)


main = probe(
    __doc__,
    {
        "server": lambda: server(Settings.load()),
        "keeping": lambda: keeping(Settings.load()),
        "damage": lambda: damage(Settings.load()),
        "verified": lambda: verified(Settings.load()),
        "content": lambda: content(Settings.load()),
    },
    long_seconds={"damage": 500, "content": 280},
)
