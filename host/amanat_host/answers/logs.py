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
class Stream:
    """What is stored of a machine's journal.

    `numbering`, `first` and `last` are of the newest numbering; `began_anew` tells when another one began though the
    machine was not installed anew. `missing` are numbers that may still come, `lost` those that the machine no longer
    has, `reused` those that it gave twice after a crash. Moments are ISO 8601, UTC; None for what never was.
    """

    numbering: str
    first: int
    last: int
    entries: int
    began_anew: Sequence[str]
    missing: int
    lost: int
    reused: int
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
