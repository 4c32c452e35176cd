"""What evidence shows of the parameters of a statement, and how long a login is tried."""

import hashlib
from pathlib import Path

import psycopg
import pytest

from amanat.audit import postgres
from amanat.audit.errors import NotChecked
from amanat.audit.postgres import _LONGEST_PARAMETER, Database, _shown, session

DATABASE = Database("192.0.2.1", 5432, "reader", "x", Path("ca.crt"), None, Path("empty"))
BUSY = 'FATAL:  too many connections for role "reader"'


@pytest.fixture
def refusals(monkeypatch):
    """What the server says to one login after the other; it lets in whoever comes after that."""
    said = []

    class Connection:
        adapters = psycopg.adapters

        def close(self):
            said.append("closed")

    def connect(**_):
        if said:
            raise psycopg.OperationalError(said.pop(0))
        return Connection()

    monkeypatch.setattr(postgres.psycopg, "connect", connect)
    monkeypatch.setattr(postgres, "set_json_loads", lambda *_: None)
    monkeypatch.setattr(postgres.time, "sleep", lambda _: None)
    return said


def test_a_connection_that_others_have_is_waited_for(refusals):
    refusals += [BUSY, BUSY]
    with session(DATABASE, lambda *_: None) as opened:
        assert opened is not None
    assert refusals == ["closed"]


def test_a_refusal_and_a_role_that_stays_busy_are_told(refusals, monkeypatch):
    refusals += ["FATAL:  password authentication failed", BUSY]
    with pytest.raises(NotChecked, match="authentication failed"), session(DATABASE, lambda *_: None):
        pass
    monkeypatch.setattr(postgres, "BUSY_SECONDS", -1)
    with pytest.raises(NotChecked, match="too many connections"), session(DATABASE, lambda *_: None):
        pass


@pytest.mark.parametrize("value", ["sms", 7, None, "x" * _LONGEST_PARAMETER])
def test_a_short_parameter_is_shown_whole(value):
    assert _shown(value) == str(value)


def test_of_a_long_one_there_is_the_beginning_length_and_digest():
    content = "پ" * (1 << 20)
    digest = hashlib.sha256(content.encode()).hexdigest()
    assert _shown(content) == f"{content[:64]}… (1048576 characters, SHA-256 {digest})"
