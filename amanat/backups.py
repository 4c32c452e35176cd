"""What the vault's repository holds, and which of it a restore would take: no host is touched here.

The shape of `pgbackrest info --output=json` is that of the pgBackRest user guide, "Info".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from amanat.calendars import both
from amanat.errors import AmanatError, BadInput

KINDS = {"full": "full", "diff": "differential", "incr": "incremental"}


class NoBackup(AmanatError):
    """The repository holds nothing that could be restored."""


class OutOfReach(BadInput):
    """A time that no backup reaches."""


@dataclass(frozen=True)
class Backup:
    """One backup; a restore replays the WAL from its end on."""

    label: str
    kind: str
    started_at: datetime
    stopped_at: datetime
    size_bytes: int


@dataclass(frozen=True)
class Plan:
    """What a restore would do: the backup it starts from, and the time it stops at (None: as late as the WAL goes)."""

    backup: Backup
    target: datetime | None

    def lines(self, now: datetime) -> list[str]:
        """The plan for people."""
        took = self.backup
        until = both(self.target) if self.target else "the end of the archived WAL"
        lines = [
            f"from the {KINDS[took.kind]} backup {took.label} of {both(took.stopped_at)}",
            f"to {until}",
            f"{took.size_bytes / 2**20:.0f} MiB of database, before the WAL since then",
        ]
        if self.target:
            lost = (now - self.target).total_seconds()
            lines.append(f"what was recorded in the last {lost / 60:.0f} minutes leaves the archive")
        return lines


@dataclass(frozen=True)
class Repository:
    """The backups of the newest database that are whole, oldest first, and the vault's clock when it was asked.

    `cluster` is the system identifier of that database (PostgreSQL manual, pg_control_system).
    """

    backups: tuple[Backup, ...]
    now: datetime
    cluster: int

    @classmethod
    def of(cls, stanza: Mapping[str, Any], now: datetime) -> "Repository":
        """Read one stanza of pgBackRest's info. Raises `NoBackup` when it names none that is whole."""
        if stanza.get("status", {}).get("code") not in (0, 2):  # 2: no valid backups yet
            statuses = [
                stanza.get("status", {}),
                *(one["status"] for one in stanza.get("repo", ()) if one["status"]["code"]),
            ]
            message = str(statuses[-1].get("message", "no answer")).partition("\n")[0]
            raise NoBackup(
                f"the repository can't be used: {message.rstrip(':')}",
                "vault",
                "Its records are damaged, or its passphrase is another one: `make up` puts the stack's own back.",
            )
        clusters = {int(one["id"]): int(one["system-id"]) for one in stanza.get("db", ())}
        newest = max(clusters, default=0)
        found = [
            Backup(
                label=str(one["label"]),
                kind=str(one["type"]),
                started_at=_time(one["timestamp"]["start"]),
                stopped_at=_time(one["timestamp"]["stop"]),
                size_bytes=int(one["info"]["size"]),
            )
            for one in stanza.get("backup", ())
            if not one.get("error") and int(one["database"]["id"]) == newest
        ]
        if not found:
            raise NoBackup(
                "the repository holds no backup", "vault", "Run `make up`: it makes the first one."
            )
        return cls(tuple(sorted(found, key=lambda one: one.stopped_at)), now, clusters[newest])

    def plan(self, target: datetime | None) -> Plan:
        """The way to `target`, which must carry a zone. Raises `OutOfReach` when no backup leads there."""
        first, last = self.backups[0], self.backups[-1]
        if target is None:
            return Plan(last, None)
        if target > self.now:
            raise OutOfReach(
                f"{both(target)} lies in the future: the vault has {both(self.now)}",
                "--target-time",
                "Name a time that has passed, or leave it out to restore all that was archived.",
            )
        reaching = [one for one in self.backups if one.stopped_at <= target]
        if not reaching:
            raise OutOfReach(
                f"{both(target)} lies before the first backup, which ended {both(first.stopped_at)}",
                "--target-time",
                "Name a later time.",
            )
        return Plan(reaching[-1], target)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
