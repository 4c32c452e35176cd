"""What the probes of the archive answer: the schema that they fill and the audit's policies read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Anchors:
    """The chain's heads as another host keeps them."""

    looked_at: str | None
    is_broken: bool
    heads: Sequence[tuple[int, str]]
    restored: Sequence[Mapping[str, Any]]
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
    """How many days records of every kind are kept at the least, and whether the archive refuses a day less."""

    days: int
    refuses_less: bool


@dataclass(frozen=True)
class ServerLog:
    """PostgreSQL's log of the last minutes in facts: roles by server process, and whether each marker is in it."""

    authorized: Mapping[int, str]
    refused: Mapping[int, str]
    markers: Mapping[str, bool]


@dataclass(frozen=True)
class TamperTrial:
    """What the verifier said of a scratch copy of the newest records, before and after a superuser's edit."""

    clean: str | Mapping[str, Any]
    replica_refused: bool
    tampered: Mapping[str, Any] | None
    expected_id: int
