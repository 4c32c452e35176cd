"""The guard of PostgreSQL's transactions: which are too old, by what it saw itself."""

import psycopg2

from amanat_host.postgresql import guard
from amanat_host.postgresql.transactions import Transactions


def test_a_transaction_that_writes_has_the_shorter_limit():
    seen = Transactions(writing_seconds=20)
    rows = [(1, "3/7", "archive_writer", True, 30), (2, "4/9", "archive_auditor", False, 1800)]
    assert seen.too_old(rows, 100.0) == []
    assert seen.too_old(rows, 119.9) == []
    assert seen.too_old(rows, 120.0) == [(1, "3/7", "archive_writer", 20.0)]
    assert seen.too_old(rows[1:], 1900.0) == [(2, "4/9", "archive_auditor", 1800.0)]


def test_one_that_begins_to_write_late_is_as_old_as_it_is():
    seen = Transactions(writing_seconds=20)
    assert seen.too_old([(1, "3/7", "archive_auditor", False, 1800)], 0.0) == []
    assert seen.too_old([(1, "3/7", "archive_auditor", True, 1800)], 25.0) == [
        (1, "3/7", "archive_auditor", 25.0)
    ]


def test_the_next_transaction_of_a_session_is_young():
    seen = Transactions(writing_seconds=20)
    assert seen.too_old([(1, "3/7", "archive_writer", True, 30)], 0.0) == []
    assert seen.too_old([(1, "3/8", "archive_writer", True, 30)], 25.0) == []
    assert seen.first_seen == {(1, "3/8"): 25.0}


def test_a_job_without_a_limit_is_left_alone():
    seen = Transactions(writing_seconds=20)
    assert seen.too_old([(1, "3/7", "archive_sealer", False, 0)], 0.0) == []
    assert seen.too_old([(1, "3/7", "archive_sealer", False, 0)], 9e9) == []


def test_one_that_does_not_end_is_told_once_and_asked_again():
    seen = Transactions(writing_seconds=20)
    row = (1, "3/7", "archive_writer", True, 30)
    seen.too_old([row], 0.0)
    for now in (20.0, 21.0):
        assert seen.too_old([row], now) == [(1, "3/7", "archive_writer", now)]
    assert [seen.is_news(1, "3/7"), seen.is_news(1, "3/7")] == [True, False]
    seen.too_old([], 22.0)
    assert seen.told == set()


class FakeGuard:
    """A guard whose looks fail as told."""

    def __init__(self, *faults):
        self.faults = list(faults)
        self.connection = type("Connection", (), {"closed": False})()
        self.looked = []

    def _step(self, name):
        self.looked.append(name)
        if name in self.faults:
            raise psycopg2.OperationalError("tuple concurrently\nupdated")
        yield f"{name} done"

    def end_old(self, _transactions):
        return self._step("end_old")

    def end_harmful(self):
        return self._step("end_harmful")

    def put_back(self):
        return self._step("put_back")


def test_a_step_that_fails_stops_no_other_and_is_said_once(capsys):
    fake, voice = FakeGuard("end_harmful"), guard.Voice()
    for _ in range(2):
        guard.look(fake, None, voice)
    assert fake.looked == ["end_old", "end_harmful", "put_back"] * 2
    said = capsys.readouterr().err.splitlines()
    assert said.count("error: tuple concurrently updated") == 1
    assert said.count("put_back done") == 2
