"""What the probes of backups and copies answer: the schema that they fill and the audit's policies read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class WalArchiving:
    """How WAL leaves the database's host, who may fetch backups from it, and what its account may do."""

    queue_max: str
    repository: str
    clients: Sequence[str]
    unauthorized_host: str
    expire: str
    info: str


@dataclass(frozen=True)
class WalRange:
    """The segments of a timeline that a repository holds."""

    min: str
    max: str
    count: int


@dataclass(frozen=True)
class RepositoryServer:
    """What of the repository the network's server may write, and whether the kernel filters its calls."""

    writable: Sequence[str]
    filtered: bool


@dataclass(frozen=True)
class Repository:
    """What the repository of backups holds, and whom it lets in; `stanza` is pgBackRest's own (`pgbackrest info`)."""

    stanza: Mapping[str, Any]
    wal: Mapping[str, WalRange]
    full_backups_kept: int
    clients: Sequence[str]
    unauthorized_host: str
    server: RepositoryServer
    mode: str
    owner: str
    open_files: Sequence[str]


@dataclass(frozen=True)
class NewestSegments:
    """The last segment of WAL in the repository, by timeline; and when those of the last hour arrived (Unix time)."""

    segments: Mapping[str, str]
    arrived_at: Mapping[str, float]


@dataclass(frozen=True)
class PlantedInRepository:
    """Whether the same search found a readable text laid in its way, and told its file from an encrypted one."""

    found: bool
    told_from_encrypted: bool


@dataclass(frozen=True)
class MarkersInRepository:
    """Whether each marker drawn lately lies in the repository's files, and which of those aren't encrypted."""

    files: int
    searched_bytes: int
    not_encrypted: Sequence[str]
    planted: PlantedInRepository
    markers: Mapping[str, bool]


@dataclass(frozen=True)
class Verification:
    """What `pgbackrest verify` says of a scratch repository."""

    status: str
    checked: int
    valid: int


@dataclass(frozen=True)
class FlippedBit:
    """The verification of a copied segment of WAL, as it is and with one bit flipped."""

    segment: str
    untouched: Verification
    flipped: Verification


@dataclass(frozen=True)
class VerificationRecord:
    """The last verification of what is kept.

    of_unit    whether the record is the one that the verifying unit named last in the journal
    age_hours  since it began; None: there never was one
    faults     what it found
    left_out   backups, or hosts with copies, that were there before it began and that it doesn't name as whole
    """

    of_unit: bool
    age_hours: float | None
    faults: Sequence[str]
    left_out: Sequence[str]


@dataclass(frozen=True)
class VerifiedContent:
    """What was verified as it is now: what changed since and differs, and what verifying a small repository finds."""

    changed: Sequence[str]
    faults_now: Sequence[str]


@dataclass(frozen=True)
class CopyServer:
    """How the server of copies was started; each host's keys, and how old its newest copy is (None: it has none).

    Ages are those of the server's own files, by its own clock. A host's copies open with any of their keys.
    """

    arguments: Sequence[str]
    newest_age_hours: Mapping[str, float | None]
    keys: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Keeping:
    """The age of the youngest copy that the pruning in force removes; None if it removes none."""

    youngest_removed_days: int | None


@dataclass(frozen=True)
class Damage:
    """Whether a flipped bit in a scratch copy of the smallest repository is found."""

    host: str
    whole: bool
    damage_found: bool


@dataclass(frozen=True)
class Snapshot:
    """A copy as restic lists it."""

    id: str
    time: str
    hostname: str
    paths: Sequence[str]


@dataclass(frozen=True)
class ListedSnapshot(Snapshot):
    """A copy with the number of files by directory."""

    files: Mapping[str, int]


@dataclass(frozen=True)
class NewestCopies:
    """The newest copy at each destination."""

    destinations: Mapping[str, ListedSnapshot]


@dataclass(frozen=True)
class RestoredCopy(Snapshot):
    """The newest copy's configuration, restored beside and compared with the live files."""

    same: int
    different: Sequence[str]
    with_secrets: Sequence[str]


Status = int | str  # of HTTP, or `refused` where no answer came


@dataclass(frozen=True)
class Refusals:
    """What the server of copies answers to a client that is not let in, deletes or overwrites."""

    authorized: Status
    object_present: Status
    delete: Status
    overwrite: Status
    other_content: Status
    object_still_present: Status
    no_login: Status
    wrong_password: Status
    anothers_copies: Status
    anothers_name: Status
    everybodys_copies: Status
    no_tls: Status
    old_tls: Status
    no_certificate: Status
    foreign_certificate: Status
    trusted_by_the_system: bool
