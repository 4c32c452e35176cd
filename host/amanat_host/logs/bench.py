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
from amanat_host.logs.bench_lines import NotMeasured, Taken, core_seconds, memory_bytes, wait_for, write_lines
from amanat_host.logs.bench_rsyslog import plain, unpack
from amanat_host.logs.layout import PLACE, STATE, plain_path
from amanat_host.scratch import scratch

UNITS = ("amanat-logs.service", "amanat-journal.service")
MIB = 1024 * 1024


def ours(machine: str, count: int, directory: Path) -> tuple[Taken, float]:
    """Lines until they are committed, and the seconds that sealing them takes after that."""
    place = PLACE / machine
    before = states.read(place / STATE)
    core_before, _ = _used()
    start = time.monotonic()
    name = f"bench-{secrets.token_hex(4)}"
    write_lines(name, count)
    numbering, number = _last_entry(name, count)
    wait_for("storing the lines", lambda: _is_stored(place, numbering, number))
    seconds = time.monotonic() - start
    core_after, memory = _used()
    taken = Taken(seconds, core_after - core_before, memory)
    after = states.read(place / STATE)
    if after.day != before.day:
        raise NotMeasured("the day turned meanwhile: run it again")
    return taken, _sealing_seconds(plain_path(place, after.day), before.length, after.length, directory)


def _last_entry(name: str, count: int) -> tuple[str, int]:
    """Numbering and number of the last line, once journald has it: the socket to it holds megabytes."""
    found: list[dict[str, str]] = []

    def is_there() -> bool:
        command = ("/usr/bin/journalctl", "--quiet", f"--identifier={name}", "--lines=1", "--output=json")
        found[:] = [json.loads(line) for line in commands.run(*command).splitlines()]
        return bool(found) and found[0]["MESSAGE"].startswith(f"{count - 1} ")

    wait_for("taking the lines", is_there)
    return found[0]["__SEQNUM_ID"], int(found[0]["__SEQNUM"])


def _is_stored(place: Path, numbering: str, number: int) -> bool:
    known = states.read(place / STATE).of(numbering)
    return known is not None and known.last >= number


def _used() -> tuple[float, int]:
    """Seconds of a core, and the most memory, of the processes of both services."""
    found = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cgroup") if _is_ours(path)]
    return sum(map(core_seconds, found)), sum(map(memory_bytes, found))


def _is_ours(cgroup: Path) -> bool:
    try:
        return any(f"/{unit}\n" in cgroup.read_text("ascii") for unit in UNITS)
    except OSError:  # it has ended
        return False


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
