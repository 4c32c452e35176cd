"""Chain the archive's records as they come, and write the newest head of the chain to standard output.

Where the database is comes from libpq's environment. Runs until SIGTERM; ends with status 1 when the database
goes away or refuses, and leaves starting again to the service manager.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

import psycopg2

from amanat_host.entry import program
from amanat_host.errors import HostError
from amanat_host.jobs import repeat_until_stopped

SUMMARIZE_SECONDS = 300.0
LAG_WARNING_SECONDS = 30


class Sealer:
    """One session with the database; each tick chains all that can be chained."""

    def __init__(self, heads_every: float) -> None:
        self.connection = psycopg2.connect(application_name="amanat-archive-seal")
        self.connection.autocommit = True
        self.heads_every = heads_every
        self.head_seq = -1
        self.head_due = 0.0
        self.summary_due = 0.0
        self.warned = False

    def _row(self, query: str) -> tuple[Any, ...]:
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            row = cursor.fetchone()
        return tuple(row or ())

    def tick(self) -> None:
        """Chain what is there; now and then write a head, look at the lag and tend the indexes."""
        while self._row("SELECT seq FROM archive.seal_next()")[0] is not None:
            pass
        now = time.monotonic()
        if now >= self.head_due:
            self.head_due = now + self.heads_every
            self.write_head()
            self.warn_of_lag()
        if now >= self.summary_due:
            self.summary_due = now + SUMMARIZE_SECONDS
            self._row("SELECT archive.summarize()")

    def write_head(self) -> None:
        """Append the newest head as a JSON line, unless it was the last one written."""
        seq, digest, sealed_at, records = self._row("SELECT * FROM archive.heads()")
        if seq == self.head_seq:
            return
        self.head_seq = seq
        head = {
            "seq": seq,
            "hash": digest,
            "sealed_at": sealed_at.astimezone(UTC).isoformat(),
            "records": records,
            "exported_at": datetime.now(UTC).isoformat(),
        }
        print(json.dumps(head), flush=True)

    def warn_of_lag(self) -> None:
        """Say once that records wait, which a transaction left open somewhere causes, and once that it is over."""
        lag = self._row("SELECT archive.lag_seconds()")[0]
        late = lag > LAG_WARNING_SECONDS
        if late != self.warned:
            self.warned = late
            said = (
                f"the oldest record not chained is {lag} s old: a transaction is being held open"
                if late
                else "caught up"
            )
            print(said, file=sys.stderr, flush=True)


def run(interval_seconds: float, heads_every: float) -> None:
    """Chain until told to stop. Raises psycopg2.Error."""
    sealer = Sealer(heads_every)
    repeat_until_stopped(sealer.tick, interval_seconds)
    sealer.write_head()


@program
def main() -> None:
    """Run until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between two looks")
    parser.add_argument("--heads-every", type=float, default=60.0, help="seconds between two heads")
    given = parser.parse_args()
    try:
        run(given.interval, given.heads_every)
    except psycopg2.Error as error:
        raise HostError(str(error).strip()) from error
