"""Records of verifications: of every file that was read its digest, so that a later change is seen without reading all.

A unit of the vault verifies and keeps the record. What it wrote to the journal last names the record's digest, so a
record that somebody else wrote, or an older one that was put back, is told from the unit's.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import re
import stat
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from amanat_host import processes
from amanat_host.answers.backups import VerificationRecord, VerifiedContent
from amanat_host.digests import sha256_of
from amanat_host.errors import HostError

# What an audit may read of changed files, and as a whole: half a minute each of a plain disk.
READ_AT_AUDIT_BYTES = 2 << 30
NAMED = 16  # faults and files that are told; the first ones say enough
JOURNAL = ("/usr/bin/journalctl", "--quiet", "--no-pager", "--output=json", "--reverse", "--lines=200")
WRITTEN = re.compile(r"record sha256:([0-9a-f]{64})$")

MayBeGone = Callable[[str], bool]  # whether a recorded path was removed by who may


@dataclass(frozen=True)
class Unit:
    """A unit that verifies: its name, the account it runs as, and the directory that it keeps its record in."""

    name: str
    account: str

    @property
    def record(self) -> Path:
        """Where the record lies."""
        return Path("/var/lib") / self.name.removesuffix(".service") / "verified.json"


@dataclass(frozen=True)
class Record:
    """A verification: files by verified part, what was wrong, and SHA-256 by path. Times are Unix times.

    Before `began` all was last written; `whole` is when the last run began that read everything.
    """

    began: float
    whole: float
    parts: Mapping[str, int]
    faults: Sequence[str]
    files: Mapping[str, str]

    def text(self) -> bytes:
        """The record's file."""
        return (json.dumps(asdict(self), sort_keys=True) + "\n").encode()


def read(unit: Unit) -> Record | None:
    """The unit's record; None where there is none. Raises `HostError` for one that can't be read."""
    try:
        found = json.loads(unit.record.read_bytes())
        began, whole = float(found["began"]), float(found["whole"])
        return Record(began, whole, found["parts"], found["faults"], found["files"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise HostError(
            f"{unit.record} is no record of a verification: remove it and start {unit.name}"
        ) from None


def write(unit: Unit, record: Record) -> None:
    """Keep the record, and say to the journal which it is; each fault on a line of its own before."""
    draft = unit.record.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_bytes(record.text())
    draft.replace(unit.record)
    for fault in record.faults:
        sys.stdout.write(f"fault: {fault}\n")
    digest = hashlib.sha256(record.text()).hexdigest()
    sys.stdout.write(f"{len(record.files)} files, {len(record.faults)} faults; record sha256:{digest}\n")


def is_of_unit(unit: Unit) -> bool:
    """Whether the record is the one that the unit named last, by what the journal itself notes of a line's writer."""
    by = [f"_SYSTEMD_UNIT={unit.name}", f"_UID={pwd.getpwnam(unit.account).pw_uid}", "_TRANSPORT=stdout"]
    lines = processes.run([*JOURNAL, *by], capture_output=True, check=True).stdout.splitlines()
    named = (WRITTEN.search(str(json.loads(line).get("MESSAGE", ""))) for line in lines)
    newest = next((found[1] for found in named if found), "")
    return unit.record.exists() and sha256_of(unit.record) == newest


def told(
    record: Record | None, known: Mapping[str, float], now: float, *, of_unit: bool
) -> VerificationRecord:
    """What an auditor is told of the last verification. `known`: parts that are there, and since when (Unix time)."""
    if record is None:
        return VerificationRecord(of_unit=False, age_hours=None, faults=[], left_out=sorted(known))
    missed = (part for part, since in known.items() if part not in record.parts and since < record.began)
    return VerificationRecord(
        of_unit=of_unit,
        age_hours=(now - record.whole) / 3600,
        faults=record.faults[:NAMED],
        left_out=sorted(missed),
    )


def become(account: str) -> None:
    """Go on as an account without root's rights. For root."""
    entry = pwd.getpwnam(account)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def size_bytes(root: Path, paths: Iterable[str]) -> int:
    """The size of files together; those that are gone count for nothing."""
    total = 0
    for path in paths:
        try:
            total += (root / path).lstat().st_size
        except FileNotFoundError:
            continue
    return total


def digests(root: Path, paths: Iterable[str]) -> dict[str, str]:
    """SHA-256 by path; one that has gone meanwhile is left out."""
    found = {}
    for path in paths:
        try:
            found[path] = sha256_of(root / path)
        except FileNotFoundError:
            continue
    return found


def written_before(root: Path, paths: Iterable[str], moment: float) -> list[str]:
    """Those of the paths that were last changed before a moment: what came later is for the next record."""
    found = []
    for path in paths:
        try:
            if (root / path).lstat().st_ctime <= moment:
                found.append(path)
        except FileNotFoundError:
            continue
    return found


def changed(
    root: Path, record: Record, may_be_gone: MayBeGone, most_bytes: int = READ_AT_AUDIT_BYTES
) -> dict[str, str]:
    """Recorded path -> what is wrong with it now. Read is what changed since the run began, by the kernel's own time.

    That time (ctime) can't be set by hand. What was only touched is as it was verified, and no finding.
    """
    found = {}
    left_bytes = most_bytes
    for path, known in sorted(record.files.items()):
        try:
            status = (root / path).lstat()
        except FileNotFoundError:
            if not may_be_gone(path):
                found[path] = "is gone"
            continue
        if not stat.S_ISREG(status.st_mode):
            found[path] = "is no file"
        elif status.st_ctime > record.began:
            if status.st_size > left_bytes:
                found[path] = "was changed, and is more than can be read now"
                continue
            left_bytes -= status.st_size
            if digests(root, [path]).get(path, known) != known:
                found[path] = "is not what was verified"
    return found


def carried_on(before: Record | None, files: Mapping[str, str], may_be_gone: MayBeGone) -> dict[str, str]:
    """SHA-256 by path for the next record: what was known once stays so, until it is removed by who may."""
    kept = before.files if before else {}
    return {
        **files,
        **{path: known for path, known in kept.items() if path in files or not may_be_gone(path)},
    }


def lines_of(found: Mapping[str, str]) -> list[str]:
    """What is wrong, a line for each path."""
    return [f"{path} {how}" for path, how in found.items()]


def content(found: Mapping[str, str], faults_now: Sequence[str]) -> VerifiedContent:
    """What an auditor is told of how the content is now."""
    return VerifiedContent(changed=lines_of(found)[:NAMED], faults_now=list(faults_now)[:NAMED])
