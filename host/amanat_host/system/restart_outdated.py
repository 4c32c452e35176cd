"""Restart the services that go on with what an update of packages has replaced. Run as root by a timer.

While packages are being installed nothing is restarted: the next run does. Jobs that end by themselves are left to it.
What others can't go on without, or a restart doesn't help, waits for a restart of the machine, which the operator
chooses: /run/reboot-required says so.
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
from amanat_host.errors import HostError
from amanat_host.state import units
from amanat_host.state.syntax import systemctl_time
from amanat_host.state.units import Unit
from amanat_host.system.outdated import Replaced, outdated

LOCK = Path("/var/lib/dpkg/lock-frontend")
REBOOT = Path("/run/reboot-required")
JOURNAL = "systemd-journald.service"
ONE_SHOT = "oneshot"
# Who talks over the bus loses it for good; who is logged in is known to logind alone.
WAITS = re.compile(r"(dbus|dbus-broker|systemd-logind|user@\d+)\.service")


@program
def main() -> int:
    """Restart what may be, and say of what waits that it does. Raises HostError."""
    found = outdated()
    again, waiting = chosen(found, services(found))
    if waiting:
        REBOOT.write_text(f"an update replaced what runs: {', '.join(sorted(waiting))}\n", "utf-8")
    failed = []
    for unit in in_turn(again):
        if is_locked(LOCK):
            sys.stdout.write("packages are being installed: nothing is restarted now\n")
            break
        if fault := restarted(unit):
            failed.append(fault)
    sys.stderr.writelines(f"error: {fault}\n" for fault in failed)
    return bool(failed)


def chosen(found: Mapping[str, Replaced], known: Mapping[str, Unit]) -> tuple[set[str], set[str]]:
    """Of outdated units those to restart, and those that wait for a restart of the machine.

    `known` are the services among them by name. One that was restarted since its last file was replaced has processes
    that outlive that.
    """
    again: set[str] = set()
    waiting: set[str] = set()
    for unit, replaced in found.items():
        service = known.get(unit, Unit(unit, {}))
        if service["Type"] == ONE_SHOT:
            continue
        began = systemctl_time(service["ActiveEnterTimestamp"])
        (again if may_restart(unit) and began <= replaced.last else waiting).add(unit)
    return again, waiting


def may_restart(unit: str) -> bool:
    """Whether a unit can be restarted under those who use it."""
    return unit == units.FIRST or (unit.endswith(".service") and not WAITS.fullmatch(unit))


def in_turn(names: Iterable[str]) -> list[str]:
    """The journal before those who write to it, and systemd last: timers that start at once with it need services."""
    return sorted(names, key=lambda unit: (unit == units.FIRST, unit != JOURNAL, unit))


def restarted(unit: str) -> str:
    """Restart a unit that runs; what was wrong with that, or "". systemd goes on with one that takes its time."""
    sys.stdout.write(f"an update replaced what {unit} runs: it is restarted\n")
    sys.stdout.flush()
    try:
        commands.run(units.SYSTEMCTL, *(("daemon-reexec",) if unit == units.FIRST else ("try-restart", unit)))
    except HostError as error:
        return str(error)
    return ""


def services(names: Iterable[str]) -> dict[str, Unit]:
    """The services among these names, each with its type and beginning."""
    asked = ("show", "--timestamp=us+utc", "--property=Id,Type,ActiveEnterTimestamp")
    wanted = [name for name in names if name.endswith(".service")]
    listing = commands.run(units.SYSTEMCTL, *asked, *wanted) if wanted else ""
    return {unit.name: unit for unit in units.parse(listing)}


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
