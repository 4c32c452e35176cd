"""The job that purges the archive, without a database: what it asks, what it says, and how long it tries."""

import psycopg2
import pytest
from psycopg2 import errors

from amanat_host.archive import purge
from tests.unit.host.database import Connection

IN_USE = errors.LockNotAvailable("canceling statement due to lock timeout")
MONTHS = ["message_2025_10", "transaction_2025_10"]


class Archive(Connection):
    """Compares, and answers each further question in turn; an error is raised."""

    autocommit = False

    def __init__(self, cleared, *answers, said=()):
        self.cleared, self.answers, self.asked = cleared, list(answers), []
        self.notices, self.said = [], list(said)

    def execute(self, statement):
        assert self.autocommit is True
        self.asked.append(statement)
        while self.said:
            self.notices.append(self.said.pop(0))
        if statement == purge.COMPARE:
            self.rows = [(one,) for one in self.cleared]
            return
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        self.rows = [(answer,)] if answer else []

    def fetchall(self):
        return self.rows

    def close(self):
        return None


@pytest.fixture
def run(monkeypatch, call):
    """run(archive): status, standard output and error; a pause moves the clock on and takes no time."""
    clock = [0.0]

    def pause(seconds):
        clock[0] += seconds

    monkeypatch.setattr(purge.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(purge.time, "sleep", pause)

    def ran(archive):
        monkeypatch.setattr(psycopg2, "connect", lambda **_options: archive)
        status, out = call(purge.main)
        return status, out.splitlines(), call.said

    return ran


def test_all_is_compared_before_the_first_goes_and_each_goes_by_itself(run):
    archive = Archive(MONTHS, *MONTHS, None, said=["NOTICE:  access_2026_01_01 is held\n"])
    status, out, _ = run(archive)
    assert (status, out) == (0, MONTHS)
    assert archive.asked == [purge.COMPARE, purge.LET_GO, purge.LET_GO]


def test_where_nothing_is_due_it_is_seen_whether_something_could_go(run):
    archive = Archive([], None)
    assert run(archive)[:2] == (0, [])
    assert archive.asked == [purge.COMPARE, purge.LET_GO]
    assert run(Archive([], errors.InsufficientPrivilege("permission denied\n")))[0] == 1


def test_what_the_archive_says_is_passed_on_once(run):
    archive = Archive(
        MONTHS, None, said=["WARNING:  transaction_2025_09 is not purged: not as chained: record 7\n"]
    )
    assert run(archive)[2].count("is not purged: not as chained") == 1


@pytest.mark.parametrize("refusal", [IN_USE, errors.DeadlockDetected("deadlock detected")])
def test_tables_in_use_are_tried_again(run, refusal):
    assert run(Archive(MONTHS[:1], refusal, refusal, MONTHS[0]))[:2] == (0, MONTHS[:1])


def test_what_is_in_use_all_the_time_is_left_and_named(run):
    archive = Archive(MONTHS, MONTHS[0], IN_USE)
    status, out, err = run(archive)
    assert (status, out) == (0, MONTHS[:1])
    assert err.endswith("left for the next run: transaction_2025_10\n")
    assert len(archive.asked) > purge.PATIENCE_SECONDS / purge.PAUSE_SECONDS


def test_what_stays_after_all_ends_the_run(run):
    """The archive says why: a hold has come."""
    assert run(Archive(MONTHS, MONTHS[1], None))[:2] == (0, MONTHS[1:])


def test_a_refusal_is_one_message(run):
    status, _, err = run(Archive(MONTHS, errors.InsufficientPrivilege("permission denied\n")))
    assert (status, err) == (1, "error: permission denied\n")
