"""Restart the services that go on with what an update of packages has replaced. Run as root by a timer.

While packages are being installed nothing is restarted: the next run does. What others can't go on without, or a
restart doesn't help, waits for a restart of the machine, which the operator chooses: /run/reboot-required says so.
"""

from __future__ import annotations

import fcntl
import os
import re
import struct
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from amanat_host import commands
from amanat_host.entry import program
from amanat_host.state.syntax import systemctl_time
from amanat_host.system.outdated import outdated

LOCK = Path("/var/lib/dpkg/lock-frontend")
REBOOT = Path("/run/reboot-required")
SYSTEMCTL = "/usr/bin/systemctl"
MANAGER = "init.scope"
# Who talks over the bus loses it for good; who is logged in is known to logind alone.
WAITS = re.compile(r"(dbus|dbus-broker|systemd-logind|user@\d+)\.service")


@program
def main() -> None:
    """Restart what may be, and say of what waits that it does. Raises HostError."""
    if is_locked(LOCK):
        sys.stdout.write("packages are being installed: nothing is restarted now\n")
        return
    found = outdated()
    again, waiting = chosen(found, entered(found))
    if services := sorted(again - {MANAGER}):
        sys.stdout.write(f"an update replaced what they run: {', '.join(services)} are restarted\n")
        commands.run(SYSTEMCTL, "try-restart", *services)
    if MANAGER in again:
        # Last, since timers that start at once with it start what needs those services.
        commands.run(SYSTEMCTL, "daemon-reexec")
    if waiting:
        REBOOT.write_text(f"an update replaced what runs: {', '.join(sorted(waiting))}\n", "utf-8")


def chosen(found: Mapping[str, float], began: Mapping[str, float]) -> tuple[set[str], set[str]]:
    """Of outdated units those to restart, and those that wait.

    `found` is since when what they run is replaced, `began` since when they run: one that was restarted since has
    processes that outlive its restart.
    """
    again = {unit for unit in found if may_restart(unit) and began.get(unit, 0.0) <= found[unit]}
    return again, set(found) - again


def may_restart(unit: str) -> bool:
    """Whether a unit can be restarted under those who use it."""
    return unit == MANAGER or (unit.endswith(".service") and not WAITS.fullmatch(unit))


def entered(names: Iterable[str]) -> dict[str, float]:
    """Since when each service is active, as a Unix time; 0 for what never was, such as the manager."""
    services = [name for name in names if name.endswith(".service")]
    asked = ("show", "--timestamp=us+utc", "--property=Id,ActiveEnterTimestamp", *services)
    blocks = commands.run(SYSTEMCTL, *asked).split("\n\n") if services else []
    told = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]
    return {one["Id"]: systemctl_time(one["ActiveEnterTimestamp"]) for one in told if "Id" in one}


def is_locked(path: Path) -> bool:
    """Whether a program holds a lock on a file (fcntl(2), F_GETLK): asked, not taken, so nobody meets ours."""
    wanted = struct.pack("@hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        kind: int = struct.unpack("@hhqqi0q", fcntl.fcntl(descriptor, fcntl.F_GETLK, wanted))[0]
    finally:
        os.close(descriptor)
    return kind != fcntl.F_UNLCK
