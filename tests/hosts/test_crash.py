"""Acknowledged means stored: 32 writers, and a server that is killed under them."""

import threading

from amanat.audit.waiting import wait_until
from tests.hosts.writers import write

WRITERS, RECORDS, KILLS = 32, 20_000, 6  # the first of one session, the others of the server
POSTMASTER = "kill -9 $(head -1 /srv/archive/postgresql/17/main/postmaster.pid)"
BACKEND = "kill -9 $(pgrep -u postgres -f 'archive_writer' | head -1)"


def test_no_acknowledged_record_is_lost_when_postgres_is_killed(live_stack):
    before, accesses_before = last_id(live_stack, "message"), last_id(live_stack, "access")
    killed = []
    due = threading.Lock()

    def kill_now_and_then(acknowledged: int) -> None:
        if acknowledged >= (len(killed) + 1) * RECORDS // (KILLS + 1) and due.acquire(blocking=False):
            try:
                if len(killed) < KILLS:
                    live_stack.root("store", POSTMASTER if killed else BACKEND)
                    killed.append(acknowledged)
            finally:
                due.release()

    client = live_stack.client("archive_writer")
    account = write(client, WRITERS, RECORDS, kill_now_and_then, with_accesses=True)

    assert len(killed) == KILLS
    for table, acknowledged, first in (
        ("message", account.acknowledged, before),
        ("access", account.accesses, accesses_before),
    ):
        assert len(acknowledged) == len(set(acknowledged)) == RECORDS // 2
        stored = ids_after(live_stack, table, first)
        assert set(acknowledged) - stored == set(), f"an acknowledged {table} is gone"
        assert len(stored) <= RECORDS // 2 + account.unanswered, f"a {table} that nobody sent is there"
    with live_stack.database("archive_auditor") as auditor:
        assert wait_until(lambda: scalar(auditor, "SELECT archive.lag_seconds() = 0"), seconds=30)
        assert auditor.execute("SELECT kind, id, seal, reason FROM archive.verify()").fetchall() == []
    assert live_stack.query("SELECT count(*) - count(DISTINCT prev_hash) FROM archive.seal") == "0"


def scalar(connection, statement):
    """The first value of a query."""
    value = connection.execute(statement).fetchone()[0]
    connection.commit()
    return value


def last_id(live_stack, table):
    return int(live_stack.query(f"SELECT coalesce(max(id), 0) FROM archive.{table}"))


def ids_after(live_stack, table, first):
    found = live_stack.query(f"SELECT id FROM archive.{table} WHERE id > {first}")
    return {int(line) for line in found.splitlines()}
