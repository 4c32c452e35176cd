"""A load of writers that keep the account a customer would: which messages were acknowledged, which are unsure."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import psycopg

CHANNELS = ("sms", "voice", "push", "email", "ussd")
RECORD = """
    SELECT id FROM archive.record_message(%s, 'out', '+982100000000', %s, now(), NULL, '192.0.2.1', 40000, %s)
"""
AWAY_SECONDS = 60


@dataclass
class Account:
    """Acknowledged message ids, and how many attempts ended without an answer. Shared by the writers."""

    acknowledged: list[int] = field(default_factory=list)
    unanswered: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, message_id: int) -> int:
        """Note one; how many there are now."""
        with self._lock:
            self.acknowledged.append(message_id)
            return len(self.acknowledged)

    def lose_sight(self) -> None:
        """An attempt had no answer: the message may be there or not."""
        with self._lock:
            self.unanswered += 1


def write(
    client: Mapping[str, Any],
    writers: int,
    messages: int,
    on_progress: Callable[[int], None],
    account: Account | None = None,
) -> Account:
    """Record `messages` messages with `writers` connections, through crashes of the server.

    `on_progress` hears how many are acknowledged; a given `account` is gone on with. Raises
    psycopg.OperationalError when the server stays away.
    """
    account, numbers = account or Account(), iter(range(messages))
    with ThreadPoolExecutor(writers) as pool:
        work = [pool.submit(_writer, client, numbers, account, on_progress) for _ in range(writers)]
        for writer in work:
            writer.result()
    return account


def _writer(
    client: Mapping[str, Any], numbers: "Any", account: Account, on_progress: Callable[[int], None]
) -> None:
    connection = _connect(client)
    for number in numbers:
        for attempt in count():
            try:
                text = f"message {number}, attempt {attempt}"
                row = connection.execute(
                    RECORD, (CHANNELS[number % 5], f"+98912{number:07}", text)
                ).fetchone()
            except psycopg.OperationalError:
                account.lose_sight()
                connection.close()
                connection = _connect(client)
            else:
                on_progress(account.acknowledge(int(row[0])))
                break
    connection.close()


def _connect(client: Mapping[str, Any]) -> psycopg.Connection[Any]:
    deadline = time.monotonic() + AWAY_SECONDS
    while True:
        try:
            return psycopg.connect(**client, autocommit=True)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
