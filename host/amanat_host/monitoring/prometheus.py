"""What Prometheus knows, read from its HTTP API (https://prometheus.io/docs/prometheus/latest/querying/api/)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from amanat_host.answers.monitoring import Firing, Scraped
from amanat_host.monitoring.api import Api, NoAnswer

FIRING = "firing"
SITE = "site"  # the job that asks for it


@dataclass(frozen=True)
class Rule:
    """An alerting rule: `health` is `ok` where it can be computed, `evaluated` a Unix time, `alerts` what fires."""

    name: str
    state: str
    health: str
    evaluated: float
    alerts: tuple[Firing, ...]


def rules(api: Api) -> tuple[Rule, ...]:
    """The alerting rules. Raises NoAnswer."""
    groups = _data(api, "/api/v1/rules?type=alert")["groups"]
    return tuple(_rule(rule) for group in groups for rule in group["rules"])


def scraped(api: Api) -> tuple[Scraped, ...]:
    """What is scraped, and whether it last answered. Raises NoAnswer."""
    targets = _data(api, "/api/v1/targets?state=active")["activeTargets"]
    return tuple(
        Scraped(
            job=str(target["labels"]["job"]),
            machine=str(target["labels"].get("machine", "")),
            up=target["health"] == "up",
            scraped_at=str(target["lastScrape"]),
        )
        for target in targets
    )


def probed(api: Api, scraped: Iterable[Scraped]) -> dict[str, bool]:
    """Of each machine whose site is asked for: whether it last answered as it should. Raises NoAnswer."""
    samples = _data(api, "/api/v1/query?query=probe_success")["result"]
    last = {str(one["metric"].get("machine", "")): one["value"][1] == "1" for one in samples}
    # What was asked for until lately has samples for minutes yet.
    return {one.machine: last.get(one.machine, False) for one in scraped if one.job == SITE}


def flags(api: Api) -> Mapping[str, str]:
    """The options it was started with. Raises NoAnswer."""
    return cast("Mapping[str, str]", _data(api, "/api/v1/status/flags"))


def _rule(rule: Mapping[str, Any]) -> Rule:
    return Rule(
        str(rule["name"]),
        str(rule["state"]),
        str(rule["health"]),
        _unix(str(rule["lastEvaluation"])),
        tuple(_firing(str(rule["name"]), rule.get("alerts", []))),
    )


def _firing(name: str, alerts: list[Mapping[str, Any]]) -> Iterator[Firing]:
    for alert in alerts:
        if alert["state"] == FIRING:
            yield Firing(
                name,
                str(alert["labels"].get("machine", "")),
                str(alert["activeAt"]),
                str(alert["annotations"].get("summary", "")),
            )


def _data(api: Api, path: str) -> Any:  # noqa: ANN401 - JSON of another program
    found = api.get(path)
    if not isinstance(found, dict) or found.get("status") != "success":
        raise NoAnswer("Prometheus refuses", path)
    return found["data"]


def _unix(moment: str) -> float:
    """A time as Go writes it (RFC 3339 with up to nanoseconds)."""
    return datetime.fromisoformat(moment).timestamp()
