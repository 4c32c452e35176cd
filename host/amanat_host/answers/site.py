"""What the probes of the machine that serves the operator's site answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SiteRequest:
    """A request for the site as the journal has it: who it says it is, from where, and what came of it."""

    agent: str
    address: str
    port: str
    method: str
    path: str
    status: str


@dataclass(frozen=True)
class SiteRequests:
    """The requests of audits that the journal has of the last minute, oldest first."""

    requests: Sequence[SiteRequest]
