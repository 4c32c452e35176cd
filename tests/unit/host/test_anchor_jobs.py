"""The jobs that take, record and tell the heads of the archive's chain, without a database."""

import hashlib
import json
from datetime import UTC, datetime

import psycopg2
import pytest

from amanat_host.anchors import anchor, probe, record_restore
from amanat_host.anchors.history import Anchors
from tests.unit.host.database import Connection

SEALED = datetime(2026, 11, 22, 9, tzinfo=UTC)


class Chain(Connection):
    """A database whose chain has one newest head, and may have lost the last that was anchored."""

    def __init__(self, head=(5, "h5", SEALED, 40), fault=None, refuses_time=None):
        self.head, self.fault, self.asked, self.told = head, fault, [], []
        self.refuses_time = refuses_time

    def set_session(self, **how):
        self.asked.append(how)

    def execute(self, query, parameters=()):
        if query == anchor.TELL:
            if self.refuses_time:
                raise self.refuses_time
            self.told += parameters
        self.answer = (self.fault,) if "verify_head" in query and self.fault else None
        if query == anchor.HEAD:
            self.answer = self.head

    def fetchone(self):
        return self.answer

    def rollback(self):
        self.asked.append("looked")

    def commit(self):
        self.asked.append("told")

    def close(self):
        self.asked.append("closed")


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The file of anchors, with one head."""
    path = tmp_path / "archive.jsonl"
    path.write_text(
        json.dumps({"kind": "head", "seq": 3, "hash": "h3", "at": "2026-11-22T08:00:00+00:00"}) + "\n"
    )
    for module in (probe, record_restore):
        monkeypatch.setattr(module, "FILE", path)
    return path


@pytest.fixture
def take(file, call, monkeypatch):
    """take(connection) runs the job once; gives its status and the line it printed."""

    def taken(connection):
        def connect(**_options):
            if isinstance(connection, Exception):
                raise connection
            return connection

        monkeypatch.setattr(psycopg2, "connect", connect)
        status, out = call(anchor.main, str(file))
        return status, json.loads(out) if out else None

    return taken


def test_a_new_head_is_taken(take):
    connection = Chain()
    status, line = take(connection)
    assert (status, line["kind"], line["seq"], line["hash"]) == (0, "head", 5, "h5")
    assert connection.asked == [
        {"isolation_level": "REPEATABLE READ", "readonly": True},
        "looked",
        {"isolation_level": "READ COMMITTED", "readonly": False},
        "told",
        "closed",
    ]


def test_the_time_here_is_told_while_the_chain_holds(take):
    before = datetime.now(UTC)
    for connection in (Chain(), Chain(head=(3, "h3", SEALED, 30))):
        take(connection)
        (told,) = connection.told
        assert before <= told <= datetime.now(UTC)
    broken = Chain(fault="hash differs")
    take(broken)
    assert broken.told == []


def test_a_head_is_taken_even_if_the_time_is_refused(take):
    status, line = take(Chain(refuses_time=psycopg2.ProgrammingError("permission denied")))
    assert (status, line["kind"]) == (1, "head")


def test_a_line_says_what_was_before_it(take, file):
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    assert take(Chain())[1]["previous"] == before


def test_no_head_is_taken_into_a_file_that_was_changed(take, file):
    with file.open("a") as stream:
        line = {"kind": "held", "at": "2026-11-22T08:02:00+00:00", "previous": "0" * 64}
        stream.write(json.dumps(line) + "\n")
    assert take(Chain()) == (1, None)


def test_the_same_head_is_held(take):
    assert take(Chain(head=(3, "h3", SEALED, 30)))[1]["kind"] == "held"


def test_a_chain_without_the_last_anchor_is_broken_and_no_head_is_taken(take, file):
    status, line = take(Chain(fault="hash differs"))
    assert (status, line["kind"], line["reason"], line["anchor"]["seq"]) == (1, "broken", "hash differs", 3)
    with file.open("a") as stream:
        stream.write(json.dumps(line) + "\n")
    assert take(Chain(fault="hash differs")) == (1, None), "it is written down once"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (psycopg2.OperationalError("connection to server failed: Connection refused"), 75),
        (psycopg2.OperationalError("the database system is starting up"), 75),
        (psycopg2.OperationalError("certificate verify failed"), 1),
        (psycopg2.ProgrammingError("permission denied"), 1),
    ],
)
def test_a_store_that_is_away_is_told_from_one_that_refuses(take, error, status):
    assert take(error) == (status, None)


def test_a_restore_that_is_recorded_frees_the_heads_above_it(file, call):
    given = ["--seq", "1", "--hash", "h1", "--target-time", "latest", "--reason", "drill"]
    assert call(record_restore.main, *given) == (0, "")
    assert Anchors.read(file).heads == ()
    lines = file.read_text().splitlines(keepends=True)
    assert json.loads(lines[1])["previous"] == hashlib.sha256(lines[0].encode()).hexdigest()


def test_what_is_anchored_is_told(file, call):
    status, out = call(probe.main)
    told = json.loads(out)
    assert (status, told["heads"], told["is_broken"], told["misfits"]) == (0, [[3, "h3"]], False, [])
    assert told["looked_at"] == "2026-11-22T08:00:00+00:00"
    file.write_text('{"kind": "hed"}\n')
    assert call(probe.main) == (1, "")
