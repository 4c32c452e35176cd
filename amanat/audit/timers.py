"""When a timer of systemd's starts its service again."""

import time

from amanat.audit.host import Host
from amanat.audit.waiting import wait_until

MICRO = 1_000_000
ENDED = {"dead", "failed"}
FOR_EVER = "exited"  # it counts as active once it has ended: a timer that is due starts nothing
PATIENCE_SECONDS = 10.0


def hours_until_due(host: Host, name: str) -> float:
    """Hours until the timer `name` (without `.timer`) starts the service of that name; 0 while that runs.

    systemd names no next time then. Raises AssertionError where none comes.
    """
    hours = wait_until(lambda: _hours(host, name), PATIENCE_SECONDS)  # it may end between both questions
    if not hours:
        raise AssertionError(f"{name}.timer will not start it again")
    return hours[0]


def last_result(host: Host, name: str) -> str:
    """How the last run of a service (its name without `.service`) ended, in systemd's word, such as `success`."""
    return host.read(f"systemctl show --property=Result --value {name}.service").strip()


def _hours(host: Host, name: str) -> list[float]:
    state = host.read(f"systemctl show --property=SubState --value {name}.service").strip()
    if state == FOR_EVER:
        return []
    listed = host.json(f"systemctl list-timers --all --output=json {name}.timer")
    due = [one["next"] for one in listed if one["next"]]
    if due:
        return [(min(due) / MICRO - time.time()) / 3600]
    return [] if state in ENDED else [0.0]
