"""Article 5 clause 6-1: what is acknowledged is on durable media."""

import pytest

from amanat.audit import requirement
from amanat.audit.archive import (
    CHAINED_WITHIN_SECONDS,
    RECORD_MESSAGE,
    RECORD_TRANSACTION,
    REQUEST,
    Message,
    Transaction,
    request_of_nothing,
)
from amanat.audit.host import Host
from amanat_host import questions

# What a session could do around a record for its commit not to wait. Three tries: another's commit may flush ours.
WEAKER = "SET LOCAL synchronous_commit = off"
IMMEDIATE = "SET CONSTRAINTS ALL IMMEDIATE"
ORDERS = {
    "before": [WEAKER, "record"],
    "after": ["record", WEAKER],
    "for the session": ["SET synchronous_commit = off", "record"],
    "early": [IMMEDIATE, "record", WEAKER],
    "early and late": ["record", IMMEDIATE, WEAKER],
    "one after the other": [IMMEDIATE, "record", "record", IMMEDIATE, WEAKER],
    "in a savepoint": ["SAVEPOINT a", "record", IMMEDIATE, WEAKER, "RELEASE a"],
    "around a savepoint": ["record", "SAVEPOINT a", IMMEDIATE, "ROLLBACK TO a", WEAKER],
    "by a function": ["record", "SELECT set_config('synchronous_commit', 'off', true)"],
    "by a cursor that outlives it": [
        "CLOSE ALL",
        "record",
        "DECLARE later CURSOR WITH HOLD FOR SELECT set_config('synchronous_commit', 'off', true)",
    ],
    "by a role": ["record", IMMEDIATE, "RESET ROLE", "SET synchronous_commit = off"],
}
TRIES = 3
WRITTEN = "SELECT pg_current_wal_insert_lsn()::text"
FLUSHED = "SELECT pg_current_wal_flush_lsn() > %s::pg_lsn"
UNLOGGED = (
    "SELECT relname FROM pg_class WHERE relpersistence <> 'p' AND relnamespace = 'archive'::regnamespace"
)


@requirement("A5-6-1-durable")
@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit", "full_page_writes", "data_checksums"])
def test_a_commit_is_on_the_disk_when_it_returns(store, client, setting):
    """The running server flushes its WAL at every commit and guards pages by checksums."""
    with client.login(store, "archive_writer") as writer:
        assert writer.value("SELECT current_setting(%s)", (setting,)) == "on", setting


@requirement("A5-6-1-durable")
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("record", ["message", "transaction", "disclosure"])
def test_a_client_cannot_weaken_its_own_acknowledgement(store, client, record, order):
    """When a commit returns, the WAL that it wrote is flushed, whatever the session did before."""
    role, statement, parameters = recording(record)
    with client.login(store, role, fresh=True) as session:
        session.rows(statement, parameters)  # a session's first message stores a key as well
        acknowledged = 0
        for _ in range(TRIES):
            steps = [(statement, parameters) if step == "record" else step for step in ORDERS[order]]
            answers = session.sequence("BEGIN", *steps, WRITTEN, "COMMIT")
            if answers[-1].sqlstate:  # refused is as good: nothing was acknowledged
                session.sequence("ROLLBACK")
                continue
            acknowledged += 1
            written = answers[-2].rows[0][0]
            assert session.value(FLUSHED, (written,)), f"acknowledged at {written}, and not on the disk"
    assert acknowledged, f"every try was refused: {answers[-1].message}"


@requirement("A5-6-1-durable")
def test_an_acknowledged_message_is_there_for_others(archive, bound):
    """Once recorded, each message by its own id is found by another session of another role."""
    numbers = archive.record(Message(), Message())
    found = {int(one["id"]) for one in archive.find(numbers, "message", CHAINED_WITHIN_SECONDS).messages}
    lost = set(numbers) - found
    assert bound("lost_acknowledged_messages").allows(len(lost)), f"messages {sorted(lost)}"


@requirement("A5-6-1-durable")
def test_no_page_has_lost_its_checksum(store, client, bound):
    """The server has met no page that no longer matches its checksum."""
    with client.login(store, "archive_auditor") as auditor:
        failures = int(auditor.value("SELECT coalesce(sum(checksum_failures), 0) FROM pg_stat_database"))
    assert bound("checksum_failures").allows(failures), f"{failures} pages"


@requirement("A5-6-1-durable")
def test_the_data_lies_on_a_disk_that_outlasts_power(store: Host):
    """The volume and what it is kept in are real file systems, never memory, and write barriers are on."""
    volume = store.ask(questions.VOLUME)
    mounts = [volume.volume, volume.backing.filesystem]
    assert not {mount.type for mount in mounts} & {"tmpfs", "ramfs", "ramdisk"}
    assert not {option for mount in mounts for option in mount.options} & {"nobarrier", "barrier=0", "ro"}


@requirement("A5-6-1-durable")
def test_the_volumes_room_is_really_there(store: Host):
    """An image file has all its blocks reserved, so that a full disk elsewhere can't stop a write to it."""
    backing = store.ask(questions.VOLUME).backing
    assert backing.reserved_bytes >= backing.bytes or backing.path.startswith("/dev/")


@requirement("A5-6-1-durable")
def test_errors_of_the_disk_are_not_passed_over(store, client):
    """Nothing makes the server go on with damaged pages or without its WAL."""
    dangerous = ("ignore_checksum_failure", "zero_damaged_pages", "ignore_system_indexes")
    query = "SELECT name FROM pg_settings WHERE setting = 'on' AND name = ANY (%s)"
    with client.login(store, "archive_auditor") as auditor:
        assert auditor.rows(query, (list(dangerous),)) == []
        assert auditor.rows(UNLOGGED) == []


def recording(record):
    """Who makes such a record, by which statement, with which values."""
    if record == "message":
        return "archive_writer", RECORD_MESSAGE, Message().parameters()
    if record == "transaction":
        return "archive_writer", RECORD_TRANSACTION, Transaction().parameters()
    return "archive_discloser", REQUEST, request_of_nothing()
