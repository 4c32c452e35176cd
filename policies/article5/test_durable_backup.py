"""Article 5 clause 6-1: what is acknowledged is soon on another host too, and can be had back from there."""

import time
from dataclasses import dataclass
from datetime import datetime

import pytest

from amanat.audit import NotChecked, prefetch, requirement
from amanat.audit.archive import Message
from amanat.audit.host import Host
from amanat.audit.timers import hours_until_due, last_result
from amanat.audit.timing import AHEAD_SECONDS, age_seconds
from amanat.audit.waiting import wait_until
from amanat.law import register
from amanat_host import questions
from amanat_host.answers.backups import Repository, Verification
from amanat_host.times import DAY_SECONDS

UNIT = "amanat-backup"
SETTINGS = "SELECT name, setting FROM pg_settings WHERE name = ANY (%s)"
WAITING = """
SELECT coalesce(extract(epoch FROM now() - min(modification)), 0)::float
FROM pg_ls_archive_statusdir() WHERE name ~ '^[0-9A-F]{24}\\.ready$'
"""
# What has not left when the bound is over is too late, so waiting on shows nothing more.
PATIENCE_SECONDS = (register().bound("A5-6-1-durable", "recovery_point_seconds").max or 0) + 5
SEGMENT = "SELECT pg_walfile_name(pg_current_wal_insert_lsn())"
LEFT = "SELECT coalesce(left(last_archived_wal, 24) >= %s, false) FROM pg_stat_archiver"
# PostgreSQL notes a segment as done when it has left; a checkpoint removes the note. When we looked says nothing: the
# audit has other work between.
NOTED = """
SELECT extract(epoch FROM modification)::float FROM pg_ls_archive_statusdir() WHERE name = %s || '.done'
"""
PROGRESS = f"SELECT ({LEFT}), ({WAITING})"


@pytest.fixture(scope="module")
def repository(vault: Host) -> Repository:
    """What the repository holds, and whom it lets in."""
    return vault.ask(questions.REPOSITORY)


@pytest.fixture(scope="module")
def archiving(store, client):
    """The running server's settings of archiving."""
    names = ("archive_mode", "archive_command", "archive_library", "archive_timeout")
    with client.login(store, "archive_auditor") as auditor:
        return dict(auditor.rows(SETTINGS, (list(names),)))


@dataclass(frozen=True)
class Planted:
    """A recorded message, the segment of WAL it ended in, and when that was, by the store's clock and by ours.

    `drawn` says whether the vault made up its texts and so looks for them.
    """

    message: Message
    segment: str
    begun: datetime
    monotonic: float
    drawn: bool


@dataclass(frozen=True)
class Sent:
    """A recorded message, the segment of WAL it ended in, and the seconds until that had left (None: never)."""

    message: Message
    segment: str
    seconds: float | None
    drawn: bool


@pytest.fixture(scope="session")
def planted(hosts, store, client, archive):
    """A message that is recorded early, so that the checks which wait for it come to it late."""
    try:
        vault: Host = hosts.service("vault")
        markers = vault.ask(questions.DRAW_IN_REPOSITORY).markers
        message, drawn = Message(content=markers.content, origin=markers.origin), True
    except NotChecked:
        message, drawn = Message(), False
    with client.login(store, "archive_auditor") as auditor:
        begun, monotonic = auditor.value("SELECT clock_timestamp()"), time.monotonic()
        archive.record(message)
        return Planted(message, auditor.value(SEGMENT), begun, monotonic, drawn)


@pytest.fixture(scope="session")
def sent(hosts, store, client, planted):
    """The planted message, given the time to reach the vault; none where older WAL has waited that long already."""
    segment = planted.segment
    with client.login(store, "archive_auditor") as auditor:

        def settled():
            left, waiting_seconds = auditor.ask(PROGRESS, (segment,), keep=False).rows[0]
            return left or waiting_seconds > PATIENCE_SECONDS

        wait_until(settled, planted.monotonic + PATIENCE_SECONDS - time.monotonic())
        left = auditor.value(LEFT, (segment,))
        noted = [float(row[0]) for row in auditor.rows(NOTED, (segment,))]
    at = noted[0] if noted else arrived_at(hosts.service("vault"), segment) if left else None
    return Sent(
        planted.message, segment, None if at is None else at - planted.begun.timestamp(), planted.drawn
    )


def arrived_at(vault: Host, segment: str) -> float | None:
    """When a segment came into the vault's repository (Unix time, by its clock); None where it isn't there."""
    return vault.ask(questions.NEWEST_SEGMENTS).arrived_at.get(segment)


def whole(repository: Repository, *kinds):
    """The backups of these kinds that pgBackRest found no error in, oldest first."""
    backups = repository.stanza["backup"]
    return [one for one in backups if one["type"] in kinds and not one["error"]]


def number(segment, size):
    """A segment's place in WAL: its name has timeline, upper and lower half of the position."""
    return int(segment[8:16], 16) * (2**32 // size) + int(segment[16:24], 16)


@pytest.mark.first
@pytest.mark.usefixtures("planted")
@requirement("A5-6-1-durable")
def test_wal_leaves_at_once(archiving, bound):
    """The running server hands its WAL to pgBackRest, and unfinished WAL within the bound."""
    assert archiving["archive_mode"] in ("on", "always")
    assert archiving["archive_library"] == ""
    # The whole command: what stands after it could call a failure a success.
    words = archiving["archive_command"].split(" ")
    assert words == ["pgbackrest", "--stanza=archive", "archive-push", "%p"], archiving["archive_command"]
    seconds = int(archiving["archive_timeout"])
    assert seconds > 0, "unfinished WAL never leaves"
    assert bound("archive_timeout_seconds").allows(seconds), f"{seconds} seconds"


@prefetch(questions.WAL_ARCHIVING)
@requirement("A5-6-1-durable")
def test_no_wal_is_dropped(store: Host, archiving):
    """WAL that can't leave waits, however much it is: no limit of the queue is set, by file or command."""
    assert store.ask(questions.WAL_ARCHIVING).queue_max == ""
    assert "queue-max" not in archiving["archive_command"]


@requirement("A5-6-1-durable")
def test_a_lost_store_costs_little(store, client, archiving, bound):
    """What the timeout keeps back, and what waits to leave, is no older than the bound."""
    with client.login(store, "archive_auditor") as auditor:
        seconds = int(archiving["archive_timeout"]) + float(auditor.value(WAITING))
    assert bound("recovery_point_seconds").allows(seconds), f"{seconds:.0f} seconds"


@requirement("A5-6-1-durable", "A5-6-1-integrity")
def test_backups_and_anchors_lie_on_another_machine(store: Host, vault: Host):
    """WAL leaves for the vault, which is another machine than the store, by their own ids and keys."""
    assert store.ask(questions.WAL_ARCHIVING).repository == "vault"
    assert store.identity.machine_id != vault.identity.machine_id
    assert store.identity.ssh_host_key != vault.identity.ssh_host_key


@prefetch(questions.REPOSITORY, service="vault")
@requirement("A5-6-1-durable")
def test_backups_are_those_of_this_archive(store, client, repository: Repository):
    """The repository is in order and belongs to the cluster that runs."""
    with client.login(store, "archive_auditor") as auditor:
        running = int(auditor.value("SELECT system_identifier FROM pg_control_system()"))
    assert repository.stanza["status"]["message"] == "ok"
    assert repository.stanza["db"][-1]["system-id"] == running


@requirement("A5-6-1-durable")
def test_the_newest_backup_is_young(repository: Repository, bound):
    """A whole backup of any kind was made within the bound."""
    backups = whole(repository, "full", "diff", "incr")
    assert backups, "there is no whole backup"
    hours = age_seconds(backups[-1]["timestamp"]["stop"]) / 3600
    assert bound("backup_age_hours").allows(hours), f"{hours:.1f} hours"


@requirement("A5-6-1-durable")
def test_the_newest_full_backup_is_young_enough(repository: Repository, bound):
    """What increments stand on was made within the bound."""
    backups = whole(repository, "full")
    assert backups, "there is no whole full backup"
    days = age_seconds(backups[-1]["timestamp"]["stop"]) / DAY_SECONDS
    assert bound("full_backup_age_days").allows(days), f"{days:.1f} days"


@requirement("A5-6-1-durable")
def test_more_than_one_full_backup_is_kept(repository: Repository, bound):
    """pgBackRest expires none before the bound's number is there."""
    assert bound("full_backups_kept").allows(repository.full_backups_kept)


@requirement("A5-6-1-durable")
def test_backups_make_themselves(vault, bound):
    """The timer runs, comes back at boot, and is due within the bound; its last run did not fail."""
    timer = vault.service(f"{UNIT}.timer")
    assert timer.is_running
    assert timer.is_enabled
    hours = hours_until_due(vault, UNIT)
    assert bound("backup_interval_hours").allows(hours), f"the next one comes in {hours:.1f} hours"
    assert last_result(vault, UNIT) == "success"


@prefetch(questions.FLIPPED_BIT, service="vault")
@requirement("A5-6-1-durable")
def test_one_turned_bit_is_noticed(vault: Host):
    """pgBackRest's verification passes a copied segment of WAL, and fails the same with one bit turned."""
    found = vault.ask(questions.FLIPPED_BIT)
    assert found.untouched == Verification("ok", checked=1, valid=1), found.segment
    assert found.flipped.status == "error"
    assert found.flipped.valid == 0


@requirement("A5-6-1-durable")
def test_wal_has_no_gap(store, client, repository: Repository):
    """Since the newest backup began, each segment of WAL is in the repository: any moment can be had back."""
    with client.login(store, "archive_auditor") as auditor:
        size = int(auditor.value("SELECT setting FROM pg_settings WHERE name = 'wal_segment_size'"))
    assert repository.wal, "there is no WAL"
    lost = {
        line: number(held.max, size) - number(held.min, size) + 1 - held.count
        for line, held in repository.wal.items()
    }
    assert set(lost.values()) == {0}, f"segments missing, by timeline: {lost}"


@pytest.mark.slow
@requirement("A5-6-1-durable")
def test_an_acknowledged_message_reaches_the_vault(vault: Host, sent, bound):
    """WAL with a message that was just acknowledged is in the repository within the bound."""
    assert sent.seconds is not None, f"{sent.segment} has not arrived"
    assert sent.seconds > -AHEAD_SECONDS, (
        f"it arrived {-sent.seconds:.0f} s before it was written: clocks differ"
    )
    assert bound("recovery_point_seconds").allows(sent.seconds), f"{sent.seconds:.0f} seconds"
    assert max(vault.ask(questions.NEWEST_SEGMENTS).segments.values()) >= sent.segment


@pytest.mark.slow
@requirement("A5-6-1-access")
def test_whoever_takes_the_vaults_disk_finds_no_message(vault: Host, sent):
    """Every file of the repository is encrypted, and a party's number that has just got there can't be read."""
    if sent.seconds is None:
        raise NotChecked("the message never got into the repository", "host vault")
    if not sent.drawn:
        raise NotChecked("the vault drew no texts to look for", "host vault")
    found = vault.ask(questions.LOOK_IN_REPOSITORY, seconds=600)
    assert found.files > 0
    assert found.planted.found, "the search is blind: it finds no text that was laid in its way"
    assert found.planted.told_from_encrypted, "a file in clear is taken for an encrypted one"
    assert found.searched_bytes > 0
    assert found.not_encrypted == []
    assert [found.markers[text] for text in (sent.message.origin, sent.message.content)] == [False, False]
