"""Acknowledged means stored: 32 writers, and a server that is killed under them."""

import threading

from amanat.audit.waiting import wait_until
from tests.hosts.writers import write

WRITERS, MESSAGES, KILLS = 32, 20_000, 6
POSTMASTER = "kill -9 $(head -1 /srv/archive/postgresql/17/main/postmaster.pid)"
BACKEND = "kill -9 $(pgrep -u postgres -f 'archive_writer' | head -1)"


def test_no_acknowledged_message_is_lost_when_postgres_is_killed(live_stack):
    before = last_id(live_stack)
    killed = []
    due = threading.Lock()

    def kill_now_and_then(acknowledged: int) -> None:
        if acknowledged >= (len(killed) + 1) * MESSAGES // (KILLS + 1) and due.acquire(blocking=False):
            try:
                if len(killed) < KILLS:
                    live_stack.root("store", POSTMASTER if len(killed) % 2 else BACKEND)
                    killed.append(acknowledged)
            finally:
                due.release()

    account = write(live_stack.client("archive_writer"), WRITERS, MESSAGES, kill_now_and_then)

    assert len(killed) == KILLS
    assert len(account.acknowledged) == len(set(account.acknowledged)) == MESSAGES
    stored = ids_after(live_stack, before)
    assert set(account.acknowledged) - stored == set(), "an acknowledged message is gone"
    assert len(stored) <= MESSAGES + account.unanswered, "a message nobody sent is there"
    with live_stack.database("archive_auditor") as auditor:
        assert wait_until(lambda: scalar(auditor, "SELECT archive.lag_seconds() = 0"), seconds=30)
        assert auditor.execute("SELECT kind, id, seal, reason FROM archive.verify()").fetchall() == []
    assert live_stack.query("SELECT count(*) - count(DISTINCT prev_hash) FROM archive.seal") == "0"


def scalar(connection, statement):
    """The first value of a query."""
    value = connection.execute(statement).fetchone()[0]
    connection.commit()
    return value


def last_id(live_stack):
    return int(live_stack.query("SELECT coalesce(max(id), 0) FROM archive.message"))


def ids_after(live_stack, first):
    found = live_stack.query(f"SELECT id FROM archive.message WHERE id > {first}")
    return {int(line) for line in found.splitlines()}
