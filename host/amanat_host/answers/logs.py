"""What the probes of the journals answer: the schema that they fill and the audit's policies read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class JournalEnd:
    """The newest entry of a machine's own journal: its number, and what it is a number of."""

    numbering: str
    number: int


@dataclass(frozen=True)
class RecentEntries:
    """A machine's newest entries: by ranges of their numbers, as `first-last`, half of the SHA-256 of what they are.

    Ranges overlap; one that has not all of its entries is left out. `last` is the newest number, 0 for none.
    """

    numbering: str
    last: int
    ranges: Mapping[str, str]


@dataclass(frozen=True)
class StoredRecently:
    """The newest stored entries by machine; `unreadable` says what stands in the way of a machine's."""

    machines: Mapping[str, RecentEntries]
    unreadable: Mapping[str, str]


@dataclass(frozen=True)
class JournalRoom:
    """How far a machine's own journal reaches back, and how large it may become.

    `oldest_number` is that of its oldest entry: 1 where nothing was thrown away yet. `given_bytes` is the room that the
    settings give it (SystemMaxUse), `limits_bytes` what else bounds it, by name, and how large each lets it become.
    `kept_seconds` is the age at which entries go whatever room there is, 0 where they don't.
    """

    oldest_at: str
    oldest_number: int
    used_bytes: int
    given_bytes: int
    limits_bytes: Mapping[str, int]
    kept_seconds: float


@dataclass(frozen=True)
class MissingNumbers:
    """Numbers that never came, both ends included; `count` is how many of them, fewer where some between came.

    `lost_at` is when the machine was asked and had none of them, None while they may still come.
    """

    first: int
    last: int
    count: int
    found_at: str
    lost_at: str | None


@dataclass(frozen=True)
class Stream:
    """What is stored of a machine's journal.

    `numbering`, `first` and `last` are of the newest numbering; `began_anew` tells when another one began though the
    machine was not installed anew. `missing` are numbers that may still come, `lost` those that the machine no longer
    has, `reused` those that it gave twice after a crash. `holes` says which are missing or lost, of many the newest.
    Moments are ISO 8601, UTC; None for what never was.
    """

    numbering: str
    first: int
    last: int
    entries: int
    began_anew: Sequence[str]
    missing: int
    lost: int
    reused: int
    holes: Sequence[MissingNumbers]
    checked_at: str | None
    complete_at: str | None


@dataclass(frozen=True)
class StoredLogs:
    """The stored journals by machine; `unreadable` says what stands in the way of a machine's."""

    streams: Mapping[str, Stream]
    unreadable: Mapping[str, str]


@dataclass(frozen=True)
class VerifiedLogs:
    """By machine, how many entries its files hold, and what in them is not as it was stored."""

    entries: Mapping[str, int]
    faults: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class SealedChain:
    """The sealed days of a machine.

    `records` are the SHA-256 of all seals and records of purges, oldest first, `stamped` how many have a stamp.
    `unsealed` are days that have ended and have no stamped seal, `purged` those that are gone. Days are in UTC.
    `outside_stamped` is the place of the newest record with a stamp of an outside server (0 for none), and
    `outside_waits_since` when the oldest record after it was stamped by the vault (None where there is none after it).
    """

    records: Sequence[str]
    stamped: int
    sealed: int
    purged: Sequence[str]
    oldest_kept: str | None
    unsealed: Sequence[str]
    open_day: str
    outside_stamped: int
    outside_waits_since: str | None


@dataclass(frozen=True)
class SealedLogs:
    """The sealed days by machine, and how long they are kept; `unreadable` says what is wrong with a chain.

    `outside_server` is the address of a server of time stamps outside the stack that stamps them too, "" for none.
    """

    retention_days: int
    outside_server: str
    chains: Mapping[str, SealedChain]
    unreadable: Mapping[str, str]


@dataclass(frozen=True)
class GivenStamps:
    """What the server of time stamps has stamped, by its own record: each SHA-256 once, oldest first.

    `misfits` are the numbers of lines before which the record is not what it was.
    """

    imprints: Sequence[str]
    misfits: Sequence[int]


@dataclass(frozen=True)
class RecordedSession:
    """A recording of sudo's on a machine: account/number, when it began, its size, half of the SHA-256 of its files."""

    name: str
    at: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class RecordedSessions:
    """The newest recordings of each account that have ended."""

    sessions: Sequence[RecordedSession]


@dataclass(frozen=True)
class StoredSession:
    """A stored recording: whether all parts are there, how much was not sent, half of the SHA-256 of its files."""

    name: str
    at: str
    is_whole: bool
    left_out_bytes: int
    sha256: str


@dataclass(frozen=True)
class StoredSessions:
    """The newest recordings of each account among a machine's newest entries, of which the oldest is of `since`.

    `left_out_until` is of accounts that have more: when the oldest that is told began.
    """

    since: str
    left_out_until: Mapping[str, str]
    sessions: Sequence[StoredSession]


@dataclass(frozen=True)
class StoredRecordings:
    """The stored recordings by machine; `unreadable` says what stands in the way of a machine's."""

    machines: Mapping[str, StoredSessions]
    unreadable: Mapping[str, str]
