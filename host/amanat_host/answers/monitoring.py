"""What the probe of the monitoring answers: the schema that it fills and the audit's policies read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Scraped:
    """One exporter of one machine: whether Prometheus' last visit was answered, and when that was (ISO 8601)."""

    job: str
    machine: str
    up: bool
    scraped_at: str


@dataclass(frozen=True)
class Firing:
    """An alert that fires: on which machine ("" for none in particular), since when (ISO 8601), and in words."""

    alert: str
    machine: str
    since: str
    summary: str


@dataclass(frozen=True)
class Monitoring:
    """What Prometheus scrapes, watches and keeps, and whom Alertmanager tells.

    `probed` tells by machine whether the last request to its site was answered as it should be.
    `rules` are the loaded alerts by name, with `ok` or what is wrong; `evaluated_at` is when the oldest was last
    computed (ISO 8601, UTC). `kept` is how long samples are kept, as Prometheus writes it. `receivers` are the kinds of
    receivers that alerts go to: webhook, email. `silences` are those that keep alerts back now.
    `fault` says why nothing is known: one of the two doesn't answer.
    """

    scraped: Sequence[Scraped]
    probed: Mapping[str, bool]
    rules: Mapping[str, str]
    evaluated_at: str
    firing: Sequence[Firing]
    kept: str
    receivers: Sequence[str]
    silences: int
    fault: str = ""
