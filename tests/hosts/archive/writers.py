"""A load of writers that knows, through every lost connection, which messages were acknowledged.

As a program: `python -m tests.hosts.archive.writers DSN [WRITERS] [MESSAGES]` prints the outcome as JSON.
"""

import json
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg

CHANNELS = ("sms", "voice", "push", "email", "ussd")
PATIENCE_SECONDS = 120.0
RETRY_SECONDS = 0.1
_CALL = "SELECT id FROM archive.record_message(%s, %s, %s, %s, %s, %s, %s::inet, %s, %s)"


@dataclass
class Outcome:
    """What the writers know: `acknowledged` by message number the id the archive gave; `unknown` were sent when the
    connection broke (each may have been recorded once, and was sent again); `refused` by SQLSTATE."""

    acknowledged: dict[int, int] = field(default_factory=dict)
    unknown: list[int] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    unsent: list[int] = field(default_factory=list)
    reconnections: int = 0
    seconds: float = 0.0


class _Load:
    """The numbers still to send, and the outcome so far; both shared by all writers."""

    def __init__(self, dsn: str, marker: str, messages: int) -> None:
        self.dsn = dsn
        self.marker = marker
        self.numbers = iter(range(messages))
        self.outcome = Outcome()
        self.lock = threading.Lock()

    def next_number(self) -> int | None:
        with self.lock:
            return next(self.numbers, None)

    def write(self, writer: int) -> None:
        """One writer: sends numbers until none is left, reconnecting for as long as patience lasts."""
        session: psycopg.Connection | None = None
        while (number := self.next_number()) is not None:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while True:
                if time.monotonic() > deadline:
                    with self.lock:
                        self.outcome.unsent.append(number)
                    break
                session = session or self._connect()
                if session is None:
                    continue
                known = self._send(session, writer, number)
                if known:
                    break
                session.close()
                session = None
        if session is not None:
            session.close()

    def _connect(self) -> psycopg.Connection | None:
        try:
            return psycopg.connect(self.dsn, autocommit=True, connect_timeout=5)
        except psycopg.OperationalError:
            with self.lock:
                self.outcome.reconnections += 1
            threading.Event().wait(RETRY_SECONDS)
            return None

    def _send(self, session: psycopg.Connection, writer: int, number: int) -> bool:
        """Whether what became of the message is known."""
        now = datetime.now(UTC)
        content = f"{self.marker} {number} from writer {writer}"
        channel = CHANNELS[number % len(CHANNELS)]
        values = (channel, "in", f"+98912{number:07d}", self.marker, now, now, "10.9.8.7", 1024 + writer, content)
        try:
            row = session.execute(_CALL, values).fetchone()
        except psycopg.Error as error:
            # 57P*: the server was going down or coming up when it answered; the connection is of no more use.
            if session.closed or error.sqlstate is None or error.sqlstate.startswith(("57P", "08")):
                with self.lock:
                    self.outcome.unknown.append(number)
                return False
            with self.lock:
                self.outcome.refused[error.sqlstate] = self.outcome.refused.get(error.sqlstate, 0) + 1
            return True
        with self.lock:
            if row:
                self.outcome.acknowledged[number] = row[0]
        return True


def run_writers(dsn: str, writers: int = 32, messages: int = 20_000, marker: str = "load") -> Outcome:
    """Record `messages` over five channels by `writers` sessions at once.

    `dsn` is libpq's, of archive_writer. `marker` becomes the destination, so that the rows can be found. A message
    whose connection broke is sent again: the archive may then hold it twice, never not at all.
    """
    load = _Load(dsn, marker, messages)
    started = time.monotonic()
    threads = [threading.Thread(target=load.write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.outcome.seconds = time.monotonic() - started
    return load.outcome


def main() -> None:
    """Run from the command line."""
    dsn, *numbers = sys.argv[1:]
    outcome = run_writers(dsn, *(int(number) for number in numbers))
    summary = {
        "acknowledged": len(outcome.acknowledged),
        "distinct_ids": len(set(outcome.acknowledged.values())),
        "unknown": len(outcome.unknown),
        "refused": outcome.refused,
        "unsent": len(outcome.unsent),
        "reconnections": outcome.reconnections,
        "seconds": round(outcome.seconds, 1),
    }
    sys.stdout.write(json.dumps(summary) + "\n")


if __name__ == "__main__":
    main()
