"""The job that chains, the trial of the verifier and the probe of WAL archiving, without a database."""

import contextlib
import dataclasses
import json
from datetime import UTC, datetime

import psycopg2
import pytest

from amanat_host.answers.archive import Edit
from amanat_host.archive import probe_tamper, seal
from amanat_host.archive.chain import Computed, Fault
from amanat_host.errors import Exit, HostError
from amanat_host.pgbackrest import commands, probe_client
from tests.unit.host.database import Connection

SEALED = datetime(2026, 11, 22, 9, tzinfo=UTC)


class Database(Connection):
    """Answers each query as it is told, in turn; the last answer stays."""

    autocommit = False

    def __init__(self, **answers):
        self.answers = {name: list(rows) for name, rows in answers.items()}
        self.asked = []

    def execute(self, query):
        self.name = next((name for name in self.answers if name in query), "")
        self.asked.append(self.name)

    def fetchone(self):
        rows = self.answers.get(self.name, [(None,)])
        return rows.pop(0) if len(rows) > 1 else rows[0]


@pytest.fixture
def sealer(monkeypatch):
    """sealer(answers): the job's session with such a database, whose clock stands still."""

    def made(**answers):
        database = Database(
            **{"seal_next": [(None,)], "heads": [(7, "h7", SEALED, 3)], "lag": [(0,)], **answers}
        )
        monkeypatch.setattr(psycopg2, "connect", lambda **_options: database)
        monkeypatch.setattr(seal.time, "monotonic", lambda: 1000.0)
        return seal.Sealer(heads_every=60), database

    return made


def test_all_that_can_be_chained_is_chained_at_once(sealer, capsys):
    job, database = sealer(seal_next=[(5,), (6,), (7,), (None,)])
    job.tick()
    assert database.asked[:4] == ["seal_next"] * 4
    assert database.autocommit is True
    assert json.loads(capsys.readouterr().out)["seq"] == 7


def test_a_head_is_written_once(sealer, capsys):
    job, _ = sealer()
    job.tick()
    job.write_head()
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_lag_is_said_when_it_begins_and_when_it_ends(sealer, capsys):
    job, _ = sealer(lag=[(31,), (40,), (2,)])
    for _ in range(3):
        job.warn_of_lag()
    said = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in said] == ["the oldest record not chained is 31 s old", "caught up"]


def test_a_database_that_goes_away_ends_the_job(monkeypatch, call, capsys):
    def gone(**_options):
        raise psycopg2.OperationalError("server closed the connection\n")

    monkeypatch.setattr(psycopg2, "connect", gone)
    assert call(seal.main)[0] == Exit.FAILED


class Scratch:
    """A scratch cluster that is none."""

    where = {"PGHOST": "scratch"}

    def __init__(self, _settings):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


class Copied(Connection):
    """The session with the scratch copy: an edit is in force until it is rolled back."""

    def __init__(self, rows):
        self.edit, self.asked, self.rowcount = "", [], rows

    def execute(self, statement):
        self.edit = statement
        self.asked.append(statement)

    def rollback(self):
        self.edit = ""


@pytest.fixture
def trial(monkeypatch):
    """trial(window, verifier, recomputed): the trial over an archive of this window.

    The two judges are functions of the edit in force ("" of none); gives the session with the copy.
    """

    def made(window, verifier=lambda edit: None, recomputed=lambda edit: None, rows=1):
        session = Copied(rows)

        @contextlib.contextmanager
        def connected(where):
            yield session

        def computed(connection, first, last):
            return Computed(3, last, "ab", recomputed(connection.edit))

        said = {probe_tamper.RANGE: json.dumps(window)}
        monkeypatch.setattr(probe_tamper, "become_postgres", lambda: None)
        monkeypatch.setattr(probe_tamper, "Scratch", Scratch)
        monkeypatch.setattr(probe_tamper, "query", lambda sql, where: said.get(sql, "5"))
        monkeypatch.setattr(probe_tamper, "run", lambda command, data=b"", **where: b"")
        monkeypatch.setattr(probe_tamper, "connected", connected)
        monkeypatch.setattr(probe_tamper, "recomputed", computed)
        monkeypatch.setattr(probe_tamper, "verdict", lambda connection, first: verifier(connection.edit))
        return session

    return made


WINDOW = {"before": 3, "last": 5, "from": 100, "until": 200, "clock": 300, "message": 42}
NAMED = Fault("message", 42, 5, "altered")


def test_what_both_judges_say_before_and_after_each_edit_is_told(trial):
    session = trial(WINDOW, lambda edit: {"id": 42} if edit else None, lambda edit: NAMED if edit else None)
    found = probe_tamper.tampered()
    assert (found.clean_verifier, found.clean_recomputed, found.newest.fault) == (None, None, None)
    assert (found.newest.records, found.newest.seq, found.newest_hash) == (3, 5, "ab")
    assert found.edits.keys() == probe_tamper.EDITS.keys()
    assert found.edits["content"] == Edit(("message", 42), {"id": 42}, dataclasses.asdict(NAMED))
    assert found.edits["added"].expected == ("message", 42 + probe_tamper.ADDED_AFTER)
    assert found.edits["seal"].expected == ("seal", 5)
    assert all("WHERE id = 42 AND xact >= 100 AND xact < 200" in edit for edit in session.asked[:-1])


def test_a_verifier_that_notices_nothing_is_told(trial):
    trial(WINDOW, recomputed=lambda edit: NAMED if edit else None)
    edits = probe_tamper.tampered().edits.values()
    assert {edit.verifier for edit in edits} == {None}
    assert all(edit.recomputed for edit in edits)


def test_live_records_that_are_not_as_they_were_sealed_are_told(trial):
    trial(WINDOW, recomputed=lambda edit: NAMED)
    found = probe_tamper.tampered()
    assert found.newest.fault == found.older.fault == dataclasses.asdict(NAMED)


@pytest.mark.parametrize("rows", [0, 2])
def test_an_edit_that_changed_nothing_proves_nothing(trial, rows):
    trial(WINDOW, rows=rows)
    with pytest.raises(HostError, match="changed"):
        probe_tamper.tampered()


def test_an_error_of_the_database_repeats_no_record(monkeypatch):
    def refused(**_options):
        raise psycopg2.OperationalError("DETAIL: Failing row contains (+989121234567, the content)")

    monkeypatch.setattr(psycopg2, "connect", refused)
    with pytest.raises(HostError) as problem, probe_tamper.connected(probe_tamper.REAL):
        pass
    assert "9891212" not in str(problem.value)
    assert problem.value.__cause__ is None


def test_an_archive_without_a_message_has_nothing_to_try(trial, call):
    trial({**WINDOW, "message": None})
    assert call(probe_tamper.main) == (Exit.NOTHING_TO_TRY, "")


def test_what_the_databases_account_may_not_do_is_told_in_pgbackrests_words(monkeypatch):
    def pgbackrest(*given):
        if "expire" in given:
            raise HostError("unable to acquire lock")
        return "ok"

    monkeypatch.setattr(probe_client, "pgbackrest", pgbackrest)
    monkeypatch.setattr(probe_client, "setting", lambda command, option, *_given: f"{command} {option}")
    monkeypatch.setattr(probe_client, "unauthorized_host", lambda host: f"access denied to {host}")
    found = probe_client.archiving()
    assert (found.expire, found.info) == ("unable to acquire lock", "")
    assert found.clients == ["server tls-server-auth"]
    assert found.unauthorized_host == "access denied to store"


def test_a_host_that_is_not_let_in_hears_it_from_the_server(monkeypatch):
    asked = []

    def stanza(*given):
        asked.extend(given)
        return {"repo": [{"status": {"message": "access denied"}}]}

    monkeypatch.setattr(commands, "stanza", stanza)
    monkeypatch.setattr(commands, "setting", lambda command, option: {"tls-server-port": "8433"}[option])
    assert commands.unauthorized_host("vault") == "access denied"
    assert "--no-config" in asked
    assert {"--repo1-host=vault", "--repo1-host-port=8433"} <= set(asked)
