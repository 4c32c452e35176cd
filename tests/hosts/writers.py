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
RECORD_ACCESS = """
    SELECT archive.record_access(%s, 'send', 'success', '192.0.2.1', %s, now(), 'writers/1', %s)
"""
AWAY_SECONDS = 60


@dataclass
class Account:
    """Acknowledged ids of messages and of accesses, and how many attempts had no answer. Shared by the writers."""

    acknowledged: list[int] = field(default_factory=list)
    accesses: list[int] = field(default_factory=list)
    unanswered: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, record_id: int, *, is_access: bool = False) -> int:
        """Note one; how many there are now."""
        with self._lock:
            (self.accesses if is_access else self.acknowledged).append(record_id)
            return len(self.acknowledged) + len(self.accesses)

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
    *,
    with_accesses: bool = False,
) -> Account:
    """Record `messages` messages with `writers` connections, through crashes of the server.

    `with_accesses`: every second of them is an access record. `on_progress` hears how many are acknowledged; a given
    `account` is gone on with. Raises psycopg.OperationalError when the server stays away.
    """
    account, numbers = account or Account(), iter(range(messages))
    with ThreadPoolExecutor(writers) as pool:
        work = [
            pool.submit(_writer, client, numbers, account, on_progress, with_accesses) for _ in range(writers)
        ]
        for writer in work:
            writer.result()
    return account


def _writer(
    client: Mapping[str, Any],
    numbers: "Any",
    account: Account,
    on_progress: Callable[[int], None],
    with_accesses: bool,
) -> None:
    connection = _connect(client)
    for number in numbers:
        is_access = with_accesses and number % 2 == 1
        for attempt in count():
            try:
                row = connection.execute(*_call(number, attempt, is_access=is_access)).fetchone()
            except psycopg.OperationalError:
                account.lose_sight()
                connection.close()
                connection = _connect(client)
            else:
                on_progress(account.acknowledge(int(row[0]), is_access=is_access))
                break
    connection.close()


def _call(number: int, attempt: int, *, is_access: bool) -> tuple[str, tuple[object, ...]]:
    party = f"+98912{number:07}"
    if is_access:
        return RECORD_ACCESS, (party, 1024 + number % 60000, f"{number}/{attempt}")
    return RECORD, (CHANNELS[number % 5], party, f"message {number}, attempt {attempt}")


def _connect(client: Mapping[str, Any]) -> psycopg.Connection[Any]:
    deadline = time.monotonic() + AWAY_SECONDS
    while True:
        try:
            return psycopg.connect(**client, autocommit=True)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
