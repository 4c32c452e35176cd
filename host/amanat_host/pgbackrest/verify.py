"""Verify the repository of backups: every backup, WAL, and the copies of pgBackRest's own records.

pgBackRest's `verify` reads all of it, but passes what has a second copy, sets that are gone, and gaps in WAL; these are
looked at here. Run by amanat-backup-verify.service, which can't write to the repository. Exit status: 0 whole, 1 a
fault or a problem.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from amanat_host import processes
from amanat_host import verification as records
from amanat_host.entry import program
from amanat_host.errors import Exit, HostError
from amanat_host.pgbackrest.backup import ROOT, refuse_what_is_unreadable
from amanat_host.pgbackrest.commands import STANZA, pgbackrest, stanza
from amanat_host.verification import Record, Unit

Info = Mapping[str, Any]
UNIT = Unit("amanat-backup-verify.service", "pgbackrest")
# Up to here all is read after each backup; beyond it once a day, and between the new backup alone.
READ_AFTER_BACKUP_BYTES = 64 << 30
WHOLE_SECONDS = 20 * 3600
TRIES = 2
SEGMENT = re.compile(r"([0-9A-F]{24})-[0-9a-f]{40}(\.\w+)?")
IN_ARCHIVE = re.compile(
    rf"archive/{STANZA}/(?P<id>[^/]+)/(?:.*/)?(?P<line>[0-9A-F]{{8}})(?P<rest>[0-9A-F]{{16}})?[^/]*"
)
IN_BACKUP = re.compile(rf"backup/{STANZA}/(?P<label>\d{{8}}-\d{{6}}F[^/]*)/.*")
VERIFIED = re.compile(
    r"^  (?:archiveId: (?P<archive>\S+), total WAL checked: (?P<checked>\d+), .*"
    r"|backup: (?P<label>[^,\n]+?)(?:, status: (?P<status>[^,\n]+))?(?:, total files checked: (?P<files>\d+), .*)?)$"
    r"(?:\n +(?P<counts>missing: .*))?",
    re.M,
)
PASSED = ("valid", "in-progress")


def labels(known: Info) -> list[str]:
    """The backups that pgBackRest's record has."""
    return [backup["label"] for backup in known["backup"]]


def files(known: Info) -> list[str]:
    """The paths that are written once: of each backup, its history, and WAL. Records of both are compared as pairs."""
    directories = [f"backup/{STANZA}/{label}" for label in labels(known)]
    directories += [f"backup/{STANZA}/backup.history", f"archive/{STANZA}"]
    found = (path for one in directories for path in (ROOT / one).rglob("*"))
    return sorted(
        str(path.relative_to(ROOT))
        for path in found
        if path.is_file() and not path.is_symlink() and path.suffix != ".tmp" and ".info" not in path.name
    )


def oldest_needed(known: Info) -> dict[str, str]:
    """The first segment of WAL that a backup needs, by archive id."""
    found: dict[str, str] = {}
    for archive, backups in by_archive(known).items():
        found[archive] = min(backup["archive"]["start"] for backup in backups)
    return found


def by_archive(known: Info) -> dict[str, list[Info]]:
    """The backups by the id of the archive that their WAL lies in."""
    ids = {archive["database"]["id"]: archive["id"] for archive in known["archive"]}
    found: dict[str, list[Info]] = {}
    for backup in known["backup"]:
        if archive := ids.get(backup["database"]["id"]):
            found.setdefault(archive, []).append(backup)
    return found


def may_be_gone(known: Info) -> records.MayBeGone:
    """Whether a path belonged to a backup that expired, or to WAL that no backup needs any more."""
    present, oldest = set(labels(known)), oldest_needed(known)

    def judged(path: str) -> bool:
        if found := IN_BACKUP.fullmatch(path):
            return found["label"] not in present
        if found := IN_ARCHIVE.fullmatch(path):
            first = oldest.get(found["id"])
            if first is None:  # no backup needs any of it
                return True
            return found["line"] + (found["rest"] or "") < first[: 24 if found["rest"] else 8]
        return False

    return judged


def parts_of(said: str) -> tuple[dict[str, int], list[str]]:
    """Files by backup that `pgbackrest verify` passed, and what it found wrong. Raises `HostError` for other words."""
    status = re.search(r"^status: (\w+)", said, re.M)
    if not status:
        raise HostError("pgbackrest verify says something else than a status and counts")
    parts, faults = {}, []
    for found in VERIFIED.finditer(said):
        what = f"WAL of {found['archive']}" if found["archive"] else f"backup {found['label']}"
        wrong = re.findall(r"([a-z ]+: [1-9]\d*)", found["counts"] or "")
        if wrong or found["label"] and (found["status"] or PASSED[0]) not in PASSED:
            faults.append(f"{what} is damaged: {', '.join(one.strip() for one in wrong) or found['status']}")
        elif found["files"]:
            parts[found["label"]] = int(found["files"])
    if status[1] != "ok" and not faults:
        faults.append(f"pgbackrest verify ends with status {status[1]}")
    return parts, faults


def pair(name: str) -> str:
    """What is wrong with a record of pgBackRest's and its copy; "" if they say the same."""
    try:
        said = {decrypted(f"{name}{end}") for end in ("", ".copy")}
    except HostError:
        return f"{name} or its copy can't be read"
    return "" if len(said) == 1 else f"{name} and its copy are not the same"


def decrypted(name: str) -> bytes:
    """A file of the repository without its cipher. Raises `HostError`."""
    command = ["/usr/bin/pgbackrest", f"--stanza={STANZA}", "repo-get", name]
    done = processes.run(command, capture_output=True)
    if done.returncode != 0:
        raise HostError(f"pgbackrest repo-get failed with status {done.returncode}", name)
    return bytes(done.stdout)


def pairs(known: Info) -> Iterator[str]:
    """What is wrong with records that have a copy: restores need one, and nobody reads the second until then."""
    names = [f"archive/{STANZA}/archive.info", f"backup/{STANZA}/backup.info"]
    names += [f"backup/{STANZA}/{label}/backup.manifest" for label in labels(known)]
    yield from filter(None, map(pair, names))


def notes() -> Iterator[str]:
    """Notes beside WAL, which carry no digest: of timelines, and where backups begin. They are plain text."""
    for path in sorted((ROOT / "archive" / STANZA).rglob("*")):
        if path.suffix in (".history", ".backup") and path.is_file():
            name = str(path.relative_to(ROOT))
            try:
                readable = decrypted(name).isascii()
            except HostError:
                readable = False
            if not readable:
                yield f"{name} can't be read"


def gaps(known: Info) -> Iterator[str]:
    """Segments of WAL that are missing between the first that a backup needs and the newest backup's last."""
    for archive, backups in by_archive(known).items():
        place = ROOT / "archive" / STANZA / archive
        held = {found[1] for path in place.glob("*/*") if (found := SEGMENT.fullmatch(path.name))}
        for line in sorted({backup["archive"]["start"][:8] for backup in backups}):
            ranges = [one["archive"] for one in backups if one["archive"]["start"][:8] == line]
            first = min(one["start"] for one in ranges)
            last = max(one["stop"] for one in ranges if one["stop"][:8] == line)
            needed = sorted({first, last, *(name for name in held if first <= name <= last)})
            yield from (f"WAL {archive} {name} is gone" for name in (first, last) if name not in held)
            yield from (
                f"WAL {archive} between {before} and {after} is gone"
                for before, after in pairwise(needed)
                if not follows(before, after)
            )


def follows(before: str, after: str) -> bool:
    """Whether a segment is the next one. The last of 4 GiB has a number below a power of two, by the segments' size."""
    high, low, next_high, next_low = (
        int(name[at : at + 8], 16) for name in (before, after) for at in (8, 16)
    )
    if high == next_high:
        return next_low == low + 1
    return next_high == high + 1 and next_low == 0 and (low + 1) & low == 0


def pgbackrests_own(*given: str) -> tuple[dict[str, int], list[str]]:
    """Files by backup, and faults, as `pgbackrest verify` has them. It stops at WAL that it can't unpack."""
    try:
        said = pgbackrest(f"--stanza={STANZA}", *given, "--output=text", "--verbose", "verify")
    except HostError as error:
        return {}, [str(error)]
    return parts_of(said)


def verified(only: str = "") -> tuple[Info, dict[str, int], list[str]]:
    """(what the repository holds, files by backup, faults) of all of it, or of one backup with the WAL it needs.

    Twice, where backups came or went meanwhile.
    """
    for _ in range(TRIES):
        known = stanza()
        refuse_what_is_unreadable(known)
        parts, faults = pgbackrests_own(*([f"--set={only}"] if only else []))
        if not only and (parts or not faults):
            faults += unread(known, parts, faults)
        faults += [*pairs(known), *notes(), *gaps(known)]
        if labels(stanza()) == labels(known):
            break
    return known, parts, faults


def unread(known: Info, parts: Mapping[str, int], faults: Sequence[str]) -> list[str]:
    """Faults for the backups that pgBackRest knows of and its `verify` says nothing of: their files are gone."""
    named = [label for label in labels(known) if label in parts or any(label in fault for fault in faults)]
    return [f"backup {label} was not verified" for label in labels(known) if label not in named]


def only_newest(before: Record | None, known: Info, now: float) -> str:
    """The newest backup, where that is enough: the repository is large, and all of it was read within the day."""
    if before is None or now - before.whole > WHOLE_SECONDS or before.faults or not known["backup"]:
        return ""
    return labels(known)[-1] if records.size_bytes(ROOT, files(known)) > READ_AFTER_BACKUP_BYTES else ""


def run() -> Record:
    """Verify, and compare with what was known before."""
    now = time.time()
    before = records.read(UNIT)
    only = only_newest(before, stanza(), now)
    known, parts, faults = verified(only)
    spared = may_be_gone(known)
    if before:
        faults += records.lines_of(records.changed(ROOT, before, spared, most_bytes=1 << 62))
    kept = before.files if before else {}
    new = records.written_before(ROOT, (path for path in files(known) if path not in kept), now)
    present = {path: kept[path] for path in files(known) if path in kept} | records.digests(ROOT, new)
    whole = now
    if only and before:
        parts, whole = {**before.parts, **parts}, before.whole
    return Record(now, whole, parts, faults, records.carried_on(before, present, spared))


@program
def main() -> int:
    """Verify, and keep the record."""
    record = run()
    records.write(UNIT, record)
    return Exit.FAILED if record.faults else Exit.DONE
