"""What the probes of the archive answer: the schema that they fill and the audit's policies read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Anchors:
    """The chain's heads as another host keeps them; `misfits`: lines before which its file is not what it was."""

    looked_at: str | None
    is_broken: bool
    heads: Sequence[tuple[int, str]]
    restored: Sequence[Mapping[str, Any]]
    misfits: Sequence[int]
    mode: str
    owner: int


@dataclass(frozen=True)
class Markers:
    """The texts that the host drew for an audit to record."""

    content: str
    origin: str


@dataclass(frozen=True)
class Drawn:
    """Markers drawn now."""

    markers: Markers


@dataclass(frozen=True)
class Retention:
    """How many days records are kept at the least, and whether the archive refuses a day less."""

    days: int
    refuses_less: bool


@dataclass(frozen=True)
class Period:
    """A partition: days since its time ended (below 0 before that), days it is kept (None: nobody says), if held."""

    partition: str
    ended_days: float
    kept_days: int | None
    is_held: bool | None


@dataclass(frozen=True)
class Clocks:
    """By which clocks records go: tries on partitions of long ago, with times as if the vault had told them.

    `told_seconds_ago`: how far the time that the vault told last lies behind the store's clock (None: it told none).
    `untold`: the tables of which a partition is due where the vault has told no time. `due_after_days`: by table, how
    many days after its end, by the vault's clock, a partition is due (None: it never is). `vault_alone`: whether
    something is due before its time where the vault's clock is years ahead.
    """

    told_seconds_ago: float | None
    untold: Sequence[str]
    due_after_days: Mapping[str, int | None]
    vault_alone: bool


@dataclass(frozen=True)
class Purge:
    """The archive's partitions, by which clocks they go, whether the purge ran well, and when (None: no run)."""

    periods: Sequence[Period]
    clocks: Clocks
    ran_well: bool
    ended_seconds_ago: float | None


@dataclass(frozen=True)
class StateRows:
    """The archive's rows of state, item -> value, and its events: id, at, kind, detail, by."""

    rows: Mapping[str, str]
    events: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class ServerLog:
    """PostgreSQL's log of the last minutes in facts: roles by server process, and whether each marker is in it."""

    authorized: Mapping[int, str]
    refused: Mapping[int, str]
    markers: Mapping[str, bool]


Fault = Mapping[str, Any]  # kind, id, seal and reason of a bad record or seal


@dataclass(frozen=True)
class Recomputed:
    """A stretch of the live chain, computed without the archive's own code: its newest seal, and what is wrong."""

    records: int
    seq: int
    fault: Fault | None


@dataclass(frozen=True)
class Edit:
    """What is to be named after an edit of the scratch copy; what the archive's verifier names, and what we do."""

    expected: tuple[str, int]
    verifier: Fault | None
    recomputed: Fault | None


@dataclass(frozen=True)
class TamperTrial:
    """What the archive's verifier and the recomputation say: of live records, of a scratch copy, and after edits."""

    newest: Recomputed
    newest_hash: str  # no other than `archive.heads()` gives: of older ones an auditor is told none
    older: Recomputed
    clean_verifier: Fault | None
    clean_recomputed: Fault | None
    replica_refused: bool
    edits: Mapping[str, Edit]
