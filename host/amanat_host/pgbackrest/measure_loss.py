"""Measure what would be lost if this host burned now: how long it takes until all that is written has left it.

Notes the chain's head and the place in the WAL, and waits until the WAL up to there has arrived on the
vault. Prints one JSON object: the head, the moment, and the seconds. Run as postgres.
"""

from __future__ import annotations

import argparse
import json
import time

from amanat_host import processes
from amanat_host.entry import print_json, program
from amanat_host.errors import HostError

NOTE = """
SELECT json_build_object('seq', h.seq, 'hash', h.hash, 'records', h.records, 'sealed_at', h.sealed_at,
    'at', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
    'segment', pg_walfile_name(pg_current_wal_lsn() - 1))
FROM archive.heads() AS h
"""
# A commit after the noted moment: a replay up to that moment stops there, where a quiet WAL would end too early.
LATER = "SELECT pg_current_xact_id()"
LAST = "SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver"
REFUSED = "SELECT coalesce(last_failed_time > last_archived_time, failed_count > 0) FROM pg_stat_archiver"
REFUSED_SECONDS = 20
SWITCH = "SELECT pg_switch_wal()"


def ask(query: str) -> str:
    """One value. Raises `HostError`."""
    psql = [
        "psql",
        "--no-psqlrc",
        "--quiet",
        "--tuples-only",
        "--no-align",
        "--dbname=archive",
        f"--command={query}",
    ]
    ran = processes.run(psql, capture_output=True, text=True)
    if ran.returncode != 0:
        raise HostError(ran.stderr.strip())
    return str(ran.stdout.strip())


def has_left(segment: str) -> bool:
    """Whether a segment of the WAL, or one after it, was archived last."""
    last = ask(LAST)
    return bool(last) and last[8:24] >= segment[8:24]


def measure(switch_seconds: float, seconds: float) -> dict[str, object]:
    """Note and wait; a log in which nothing of weight stands is not finished by itself, so it is after a while."""
    noted: dict[str, object] = json.loads(ask(NOTE))
    ask(LATER)
    began = time.monotonic()
    switched = False
    while not has_left(str(noted["segment"])):
        waited = time.monotonic() - began
        if waited > seconds:
            raise HostError(
                f"the WAL up to {noted['segment']} has not left within {seconds:.0f} s: is the vault away?"
            )
        if waited > REFUSED_SECONDS and ask(REFUSED) == "t":
            raise HostError(
                "the vault takes no WAL from here: it is away, or holds backups of another cluster"
            )
        if not switched and waited > switch_seconds:
            ask(SWITCH)
            switched = True
        time.sleep(0.25)
    return {**noted, "loss_seconds": round(time.monotonic() - began, 2)}


@program
def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--switch-seconds", type=float, required=True, help="finish the segment after so many seconds"
    )
    parser.add_argument("--seconds", type=float, default=180, help="the longest it may take")
    given = parser.parse_args()
    print_json(measure(given.switch_seconds, given.seconds))
