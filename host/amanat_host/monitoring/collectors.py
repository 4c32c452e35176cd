"""The kit's own metrics: each collector reads what one job leaves on the disk, and yields nothing where it isn't run.

Ages are for the rules to compute: what is told is when a thing happened, in seconds since 1970.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from amanat_host import commands
from amanat_host.errors import HostError
from amanat_host.logs import journal_room
from amanat_host.logs import state as states
from amanat_host.monitoring.text_format import Metric

MEANINGS = {
    "amanat_certificate_end_seconds": "When a certificate ends.",
    "amanat_term_end_seconds": "When a seal, licence or price list of the operator ends.",
    "amanat_updates_waiting": "Security updates that wait to be installed.",
    "amanat_updates_oldest_seconds": "Since when the oldest of them waits.",
    "amanat_updates_noted_seconds": "When it was last noted which wait.",
    "amanat_reboot_needed": "Whether an update asks for a reboot.",
    "amanat_integrity_checked_seconds": "When files were last compared with their baseline.",
    "amanat_integrity_differences": "How many files differed.",
    "amanat_journal_bytes": "Size of the machine's journal.",
    "amanat_journal_limit_bytes": "Size above which the journal's oldest entries are thrown away.",
    "amanat_journal_file_bytes": "Size of a full file of the journal: the oldest is thrown away as a whole.",
    "amanat_log_outage_seconds": "How long an outage of the log server the journal has to survive.",
    "amanat_journal_oldest_seconds": "When the oldest entry that the journal has was written.",
    "amanat_drill_passed": "Whether the last drill proved the backups.",
    "amanat_drill_seconds": "When the last restore drill ended.",
    "amanat_backup_seconds": "When the newest backup of the database ended.",
    "amanat_copy_seconds": "When the newest copy of a machine's files came in.",
    "amanat_verified_seconds": "When all of the backups or copies was last begun to be read.",
    "amanat_verification_faults": "What was wrong with them.",
    "amanat_anchor_seconds": "When the newest head of the archive's chain was anchored.",
    "amanat_logs_complete_seconds": "When the log server last had all of a machine's journal.",
    "amanat_logs_missing": "Entries of a machine's journal that have not come yet.",
    "amanat_logs_lost": "Entries that a machine no longer has.",
    "amanat_recordings_complete_seconds": "When all that sudo recorded was last in the machine's journal.",
    "amanat_collector_failed": "Whether a collector could not read what it is for.",
}

CERTIFICATES = ("etc/amanat/pki", "etc/amanat/anchor", "etc/amanat/tsa")
TERMS = "etc/amanat/nginx/terms.json"
UPDATES = "var/lib/amanat/security-updates.json"
REBOOT = "run/reboot-required"
INTEGRITY = "var/lib/aide/amanat.status.json"
JOURNAL = "var/log/journal"
DRILLS = "var/lib/amanat/drills/drills.jsonl"
BACKUPS = "var/lib/amanat/repository/backup/archive"
WAL = "var/lib/amanat/repository/archive/archive"
COPIES = "var/lib/amanat/copies"
VERIFICATIONS = {"backups": "var/lib/amanat-backup-verify", "copies": "var/lib/amanat-copies-verify"}
ANCHORS = "var/lib/amanat/anchors/archive.jsonl"
LOGS = "var/lib/amanat/logs"
RECORDINGS = "var/lib/amanat/recordings"

Collector = Callable[[Path], Iterator[Metric]]


def certificates(root: Path) -> Iterator[Metric]:
    """When each certificate of the kit ends."""
    for directory in CERTIFICATES:
        for path in _entries(root / directory):
            if path.suffix != ".crt":
                continue
            told = commands.run("/usr/bin/openssl", "x509", "-noout", "-enddate", "-in", str(path))
            end = ssl.cert_time_to_seconds(told.strip().partition("=")[2])
            yield Metric("amanat_certificate_end_seconds", end, ("certificate", path.stem))


def terms(root: Path) -> Iterator[Metric]:
    """When each thing ends that the operator declares for a time, where his site is served."""
    if (root / TERMS).exists():
        for term in json.loads((root / TERMS).read_text("utf-8")):
            yield Metric("amanat_term_end_seconds", _seconds(term["until"]), ("term", str(term["what"])))


def updates(root: Path) -> Iterator[Metric]:
    """Security updates that wait, by apt's own notes."""
    if (root / UPDATES).exists():
        notes = json.loads((root / UPDATES).read_text("utf-8"))
        since = [_seconds(moment) for moment in notes["since"].values()]
        yield Metric("amanat_updates_noted_seconds", _seconds(notes["noted_at"]))
        yield Metric("amanat_updates_waiting", len(since))
        if since:
            yield Metric("amanat_updates_oldest_seconds", min(since))


def reboot(root: Path) -> Iterator[Metric]:
    """Whether a package asked for a reboot."""
    yield Metric("amanat_reboot_needed", int((root / REBOOT).exists()))


def integrity(root: Path) -> Iterator[Metric]:
    """The last comparison of the machine's files with their baseline."""
    if (root / INTEGRITY).exists():
        found = json.loads((root / INTEGRITY).read_text("utf-8"))
        yield Metric("amanat_integrity_checked_seconds", _seconds(found["checked_at"]))
        yield Metric(
            "amanat_integrity_differences",
            sum(len(found[kind]) for kind in ("added", "removed", "changed")),
        )


def journal(root: Path) -> Iterator[Metric]:
    """The journal's size, and since when it goes back."""
    yield Metric("amanat_journal_bytes", journal_room.used_bytes(root / JOURNAL))
    told = commands.run(
        "/usr/bin/journalctl", f"--directory={root / JOURNAL}", "--quiet", "--lines=+1", "--output=json"
    )
    if told.strip():
        written = int(json.loads(told)["__REALTIME_TIMESTAMP"]) / 1e6
        yield Metric("amanat_journal_oldest_seconds", written)


def drills(root: Path) -> Iterator[Metric]:
    """The last restore drill."""
    last = _last_line(root / DRILLS)
    if last:
        yield Metric("amanat_drill_passed", int(bool(last["passed"])))
        yield Metric("amanat_drill_seconds", _seconds(str(last["at"])))


def backups(root: Path) -> Iterator[Metric]:
    """The newest backup, or 0 where there should be one: pgBackRest writes its manifest last."""
    if (root / WAL).exists():
        manifests = [path / "backup.manifest" for path in _entries(root / BACKUPS)]
        ends = [path.stat().st_mtime for path in manifests if path.exists()]
        yield Metric("amanat_backup_seconds", max(ends, default=0))


def copies(root: Path) -> Iterator[Metric]:
    """The newest copy of each machine, or 0 for one that has begun and has none."""
    for machine in _entries(root / COPIES):
        if machine.is_dir():
            came = [path.stat().st_mtime for path in _entries(machine / "snapshots")]
            yield Metric("amanat_copy_seconds", max(came, default=0), ("source", machine.name))


def verifications(root: Path) -> Iterator[Metric]:
    """When all backups and all copies were last read, and what was wrong."""
    for name, directory in VERIFICATIONS.items():
        record = root / directory / "verified.json"
        if record.exists():
            found = json.loads(record.read_bytes())
            yield Metric("amanat_verified_seconds", float(found["whole"]), ("what", name))
            yield Metric("amanat_verification_faults", len(found["faults"]), ("what", name))


def anchors(root: Path) -> Iterator[Metric]:
    """When the file of anchors last grew: a line comes with every look at the chain that finds a new head."""
    if (root / ANCHORS).exists():
        yield Metric("amanat_anchor_seconds", (root / ANCHORS).stat().st_mtime)


def logs(root: Path) -> Iterator[Metric]:
    """How complete the stored journal of each machine is."""
    for machine in _entries(root / LOGS):
        if not (machine / "state.json").exists():
            continue
        state = states.read(machine / "state.json")
        source = ("source", machine.name)
        holes = [hole for numbering in state.numberings for hole in numbering.holes]
        complete = _seconds(state.complete_at) if state.complete_at else 0.0
        yield Metric("amanat_logs_complete_seconds", complete, source)
        yield Metric("amanat_logs_missing", sum(hole.count for hole in holes if hole.lost_at is None), source)
        yield Metric(
            "amanat_logs_lost", sum(hole.count for hole in holes if hole.lost_at is not None), source
        )


def recordings(root: Path) -> Iterator[Metric]:
    """When sudo's recordings were last all sent, or 0 where they never were."""
    if (root / RECORDINGS).exists():
        noted = root / RECORDINGS / "complete"
        yield Metric("amanat_recordings_complete_seconds", noted.stat().st_mtime if noted.exists() else 0)


COLLECTORS: tuple[Collector, ...] = (
    certificates,
    terms,
    updates,
    reboot,
    integrity,
    journal,
    drills,
    backups,
    copies,
    verifications,
    anchors,
    logs,
    recordings,
)


def collect(root: Path, collectors: tuple[Collector, ...] = COLLECTORS) -> Iterator[Metric]:
    """What all collectors tell; one that fails is told of, and holds up no other."""
    for collector in collectors:
        failed = 0
        try:
            yield from list(collector(root))
        except (HostError, OSError, ValueError, KeyError, TypeError):
            failed = 1
        yield Metric("amanat_collector_failed", failed, ("collector", collector.__name__))


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _entries(directory: Path) -> list[Path]:
    """What a directory holds, nothing where it isn't there. Raises OSError where it can't be read, as no glob does."""
    return sorted(directory.iterdir()) if directory.exists() else []


def _last_line(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    lines = re.findall(r"\S.*", path.read_text("utf-8"))
    found: dict[str, object] = json.loads(lines[-1]) if lines else {}
    return found
