"""Verify all hosts' copies where they lie: restic names its files by their SHA-256, so that takes no key.

What is missing, restic's own `check` tells for packs and indexes, and the last record for all else. Run by
amanat-copies-verify.service, which can't write to the copies. Exit status: 0 whole, 1 a fault or a problem.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping

from amanat_host import processes
from amanat_host import verification as records
from amanat_host.entry import program
from amanat_host.errors import Exit, HostError
from amanat_host.restic.server import Settings, restic
from amanat_host.verification import Record, Unit

UNIT = Unit("amanat-copies-verify.service", "restic-rest-server")
PRUNING = "amanat-copies-prune.service"
TRIES = 2
KINDS = ("data", "index", "keys", "snapshots")  # not `locks`, which come and go
NAME = re.compile(r"[0-9a-f]{64}")


def files(settings: Settings) -> list[str]:
    """The paths of all that a copy needs, below the server's root."""
    found = [settings.root / host / "config" for host in settings.made()]
    for host in settings.made():
        for kind in KINDS:
            found += [path for path in (settings.root / host / kind).rglob("*") if NAME.fullmatch(path.name)]
    return sorted(str(path.relative_to(settings.root)) for path in found)


def misnamed(digests: Mapping[str, str]) -> Iterator[str]:
    """Files whose content isn't what their name says, of (path -> SHA-256)."""
    for path, digest in digests.items():
        name = path.rpartition("/")[2]
        if NAME.fullmatch(name) and name != digest:
            yield f"{path} is damaged"


def structure(settings: Settings) -> Iterator[str]:
    """What restic misses of each host's copies: packs, indexes, directories. A copy or pruning may go on meanwhile."""
    for host in settings.made():
        for left in reversed(range(TRIES)):
            try:
                restic(settings.root / host, settings.keys / host, "check", "--no-lock", "--no-cache")
            except HostError as error:
                if not left:
                    yield str(error)
            else:
                break


def pruned_since(began: float) -> bool:
    """Whether pruning goes on, or began after a moment (Unix time): it alone removes files."""
    asked = [
        "/usr/bin/systemctl",
        "show",
        "--timestamp=unix",
        "--property=ActiveState,ExecMainStartTimestamp",
        PRUNING,
    ]
    said = processes.run(asked, capture_output=True, text=True, check=True).stdout
    shown = dict(line.split("=", 1) for line in said.splitlines())
    started = float(shown["ExecMainStartTimestamp"].removeprefix("@") or 0)
    return shown["ActiveState"] in ("activating", "active") or started > began


def may_be_gone(record: Record) -> records.MayBeGone:
    """Whether a recorded path may have been pruned."""
    pruned = pruned_since(record.began)
    return lambda _path: pruned


def run(settings: Settings) -> Record:
    """Read everything, and compare with what was known before."""
    now = time.time()
    before = records.read(UNIT)
    found = records.digests(settings.root, files(settings))
    faults = [*misnamed(found), *structure(settings)]
    kept = {path: found[path] for path in records.written_before(settings.root, found, now)}
    if before:
        spared = may_be_gone(before)
        gone = [path for path in before.files if path not in found and not spared(path)]
        faults += [f"{path} is gone" for path in gone]
        faults += [
            f"{path} is not what was verified"
            for path, digest in found.items()
            if before.files.get(path, digest) != digest and not NAME.fullmatch(path.rpartition("/")[2])
        ]
        kept = records.carried_on(before, kept, spared)
    parts = {host: sum(path.startswith(f"{host}/") for path in found) for host in settings.made()}
    return Record(now, now, parts, faults, kept)


@program
def main() -> int:
    """Verify, and keep the record."""
    record = run(Settings.load())
    records.write(UNIT, record)
    return Exit.FAILED if record.faults else Exit.DONE
