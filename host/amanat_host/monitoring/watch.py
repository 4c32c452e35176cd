"""The dead-man's switch: whether the monitoring on another machine still watches, and tells what it sees.

watch-monitoring SETTINGS STATE

Asks Prometheus for its rules. All is well if the rule `Watchdog`, which always fires, was computed lately, and no rule
says that alerts don't get out. Where that is not so for longer than `silent_seconds`, the operator is told from here,
and again when it is over. The unit fails as long as it lasts; a first look that finds nothing ends with 75, since the
next one may find it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from amanat_host.entry import program
from amanat_host.errors import Exit, HostError
from amanat_host.monitoring import prometheus
from amanat_host.monitoring.api import Api
from amanat_host.monitoring.prometheus import FIRING, Rule
from amanat_host.monitoring.tell import Message, tell

WATCHDOG = "Watchdog"
UNDELIVERED = ("AlertmanagerDown", "AlertsNotDelivered")
NAME = "MonitoringSilent"
RUNBOOK = "docs/guide.md#monitoringsilent"


@dataclass(frozen=True)
class State:
    """Since when the monitoring is silent (Unix time, 0 while it isn't), and whether that was told."""

    since: float = 0.0
    told: bool = False

    @classmethod
    def read(cls, path: Path) -> State:
        """The state of a file; a file that can't be read counts as none: better told twice than never."""
        try:
            found = json.loads(path.read_text("utf-8"))
            return cls(float(found["since"]), bool(found["told"]))
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    def write(self, path: Path) -> None:
        """Replace the file."""
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(self)) + "\n", "utf-8")
        draft.replace(path)


def fault(rules: tuple[Rule, ...], now: float, stale_seconds: float) -> str:
    """What is wrong with the monitoring by its own rules; "" for nothing."""
    watchdog = next((rule for rule in rules if rule.name == WATCHDOG), None)
    if watchdog is None or watchdog.state != FIRING:
        return "Prometheus doesn't fire its Watchdog"
    if now - watchdog.evaluated > stale_seconds:
        return f"Prometheus computed its rules last {now - watchdog.evaluated:.0f} s ago"
    stuck = [rule.name for rule in rules if rule.name in UNDELIVERED and rule.state == FIRING]
    return f"alerts don't get out: {', '.join(stuck)}" if stuck else ""


def looked(settings: Mapping[str, Any], now: float) -> str:
    """What is wrong with the monitoring, seen from here; "" for nothing."""
    files = (Path(settings[name]) for name in ("authority", "certificate", "key"))
    try:
        rules = prometheus.rules(Api(settings["host"], int(settings["port"]), *files))
    except HostError as error:
        return f"Prometheus: {error}"
    except (KeyError, TypeError, ValueError) as error:
        return f"Prometheus answers in another form: {type(error).__name__}"
    return fault(rules, now, float(settings["silent_seconds"]))


def step(before: State, wrong: str, now: float, settings: Mapping[str, Any]) -> State:
    """The next state; tells the operator when the silence has lasted, and when a told one is over. Raises HostError."""
    ways = settings["ways"]
    if not wrong:
        if before.told:
            tell(Message(NAME, False, "the monitoring watches again", RUNBOOK), ways)
        return State()
    since = before.since or now
    if before.told or now - since < float(settings["silent_seconds"]):
        return State(since, before.told)
    tell(Message(NAME, True, wrong, RUNBOOK), ways)
    return State(since, told=True)


@program
def main() -> int:
    """Look once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", type=Path)
    parser.add_argument("state", type=Path)
    given = parser.parse_args()
    settings = json.loads(given.settings.read_text("utf-8"))
    now = time.time()
    wrong = looked(settings, now)
    before = State.read(given.state)
    if wrong:
        sys.stderr.write(f"{wrong}\n")
        State(before.since or now, before.told).write(given.state)  # even if telling fails
    step(before, wrong, now, settings).write(given.state)
    if not wrong:
        return Exit.DONE
    return Exit.FAILED if before.since else Exit.NO_ANSWER
