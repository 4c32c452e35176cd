"""Measure what the log server's guarantees cost: this machine's lines stored and sealed, against plain rsyslog.

Run it on the log server, whose own journal comes over mutual TLS like every other. As many lines are written to the
journal twice: once they count as there when the collector has committed them and their part of the day is sealed, once
when an rsyslog that reads the journal has sent them over TCP to an rsyslog that writes them to a file. The lines stay
in the journal. Prints one JSON object: rates are lines per second, `ratio` is ours against rsyslog's.
"""

from __future__ import annotations

import argparse
import json
import secrets
import socket
import time
from pathlib import Path

from amanat_host import commands
from amanat_host.entry import print_json, program
from amanat_host.logs import sealed_file
from amanat_host.logs import state as states
from amanat_host.logs.bench_lines import NotMeasured, Taken, wait_for, write_lines
from amanat_host.logs.bench_rsyslog import plain, unpack
from amanat_host.logs.layout import STATE, plain_path
from amanat_host.scratch import scratch

PLACE = Path("/var/lib/amanat/logs")
UNITS = ("amanat-logs.service", "amanat-journal.service")
MIB = 1024 * 1024


def ours(machine: str, count: int, directory: Path) -> tuple[Taken, float]:
    """Lines until they are committed, and the seconds that sealing them takes after that."""
    place = PLACE / machine
    before = states.read(place / STATE)
    core_before = _core_seconds()
    start = time.monotonic()
    name = f"bench-{secrets.token_hex(4)}"
    write_lines(name, count)
    numbering, number = _last_entry(name)
    wait_for("storing the lines", lambda: _is_stored(place, numbering, number))
    taken = Taken(time.monotonic() - start, _core_seconds() - core_before, _memory_bytes())
    after = states.read(place / STATE)
    if after.day != before.day:
        raise NotMeasured("the day turned meanwhile: run it again")
    return taken, _sealing_seconds(plain_path(place, after.day), before.length, after.length, directory)


def _last_entry(name: str) -> tuple[str, int]:
    """Numbering and number of the newest entry of a name."""
    said = commands.run(
        "/usr/bin/journalctl", "--quiet", f"--identifier={name}", "--lines=1", "--output=json"
    )
    entry = json.loads(said)
    return entry["__SEQNUM_ID"], int(entry["__SEQNUM"])


def _is_stored(place: Path, numbering: str, number: int) -> bool:
    known = states.read(place / STATE).of(numbering)
    return known is not None and known.last >= number


def _core_seconds() -> float:
    shown = (_shown(unit, "CPUUsageNSec") for unit in UNITS)
    return sum(int(one) for one in shown) / 1e9


def _memory_bytes() -> int:
    return sum(int(_shown(unit, "MemoryPeak")) for unit in UNITS)


def _shown(unit: str, name: str) -> str:
    return commands.run("/usr/bin/systemctl", "show", f"--property={name}", "--value", unit).strip()


def _sealing_seconds(day: Path, start: int, end: int, directory: Path) -> float:
    """Seconds that a part of a day takes to be compressed and described."""
    part = directory / "part.export"
    with day.open("rb") as file:
        file.seek(start)
        part.write_bytes(file.read(end - start))
    began = time.monotonic()
    sealed = directory / "part.export.gz"
    sealed_file.compress(part, sealed)
    sealed_file.describe(sealed)
    return time.monotonic() - began


def bench(machine: str, count: int) -> dict[str, float | int]:
    """Both ways, one after the other."""
    with scratch("bench-logs", Path("/var/tmp")) as directory:  # noqa: S108 - a private directory below it
        unpack(directory)
        theirs = plain(count, directory)
        stored, sealing_seconds = ours(machine, count, directory)
    return {
        "lines": count,
        "stored_and_sealed_per_second": round(count / (stored.seconds + sealing_seconds)),
        "stored_per_second": round(count / stored.seconds),
        "rsyslog_per_second": round(count / theirs.seconds),
        "core_seconds": round(stored.core_seconds + sealing_seconds, 2),
        "rsyslog_core_seconds": round(theirs.core_seconds, 2),
        "memory_mib": round(stored.memory_bytes / MIB, 1),
        "rsyslog_memory_mib": round(theirs.memory_bytes / MIB, 1),
        "ratio": theirs.seconds / (stored.seconds + sealing_seconds),
    }


@program
def main() -> None:
    """Measure, and print the numbers as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--machine", default=socket.gethostname(), help="this machine, by its name in the stack"
    )
    parser.add_argument("--lines", type=int, default=100_000)
    given = parser.parse_args()
    print_json(bench(given.machine, given.lines))
