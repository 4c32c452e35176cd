"""Purge the archive after its retentions: have it compare what is due, then let one period go after the other.

Comparing may take hours, and nobody waits for it. While a period goes writers wait, for a moment; where the tables are
in use the archive gives up within a second, and it is tried again. What is due, held and as the chain says is the
archive's to decide: nothing is handed to it. What stays is said, and the next run looks again. Where the database is
comes from libpq's environment.
"""

from __future__ import annotations

import sys
import time
from contextlib import closing
from typing import Any

import psycopg2
from psycopg2 import errors

from amanat_host.entry import program
from amanat_host.errors import HostError

COMPARE = "SELECT archive.clear_due()"
LET_GO = "SELECT archive.purge()"  # no row when none is left
IN_USE = (errors.LockNotAvailable, errors.DeadlockDetected)
PAUSE_SECONDS = 5.0
PATIENCE_SECONDS = 900.0  # longer than an audit reads the tables


class Purger:
    """One session with the archive, in which each statement is a transaction."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - psycopg2 has no types
        connection.autocommit = True
        connection.notices = _Journal()
        self._connection = connection

    def compare(self) -> list[str]:
        """Have what is due compared; the partitions that may go. Raises psycopg2.Error."""
        return [name for (name,) in self._rows(COMPARE)]

    def let_go(self) -> str | None:
        """Let one more go; its partition, None when there is none left. Raises psycopg2.Error."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                gone = self._rows(LET_GO)
            except IN_USE:
                if time.monotonic() > deadline:
                    raise
            else:
                return str(gone[0][0]) if gone else None
            time.sleep(PAUSE_SECONDS)

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())


class _Journal:
    """What the archive says beside its answers goes into the journal; psycopg2's own list has room for the last 50."""

    def append(self, said: str) -> None:
        sys.stderr.write(said.rstrip("\n") + "\n")


def purge(purger: Purger) -> None:
    """Compare, and let go what may. Raises psycopg2.Error."""
    left = purger.compare()
    if not left:
        purger.let_go()  # whoever may not purge any more shows before something is due
    while left:
        try:
            name = purger.let_go()
        except IN_USE:
            sys.stderr.write(
                f"the archive was in use all the time; left for the next run: {', '.join(left)}\n"
            )
            return
        if name is None:
            return
        print(name, flush=True)
        left = [one for one in left if one != name]


@program
def main() -> None:
    """Purge once."""
    try:
        with closing(psycopg2.connect(application_name="amanat-archive-purge")) as connection:
            purge(Purger(connection))
    except psycopg2.Error as error:
        raise HostError(str(error).strip()) from error
