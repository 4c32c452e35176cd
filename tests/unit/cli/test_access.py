"""`amanat access` as a person types it: an account or an address, a second or a span, and how many accounts match."""

import json
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from amanat.cli import access, disclose
from amanat.cli.app import main

ORDER = ["--order", "1405/123", "--order-date", "1405-08-30", "--approver", "A. Ahmadi"]
SPAN = ["--from", "1405-08-10", "--to", "1405-08-30"]
RECORD = {
    "id": 5,
    "occurred_at": "2026-11-20T10:00:00.5+00:00",
    "account": "+98912",
    "client_ip": "203.0.113.7",
    "client_port": 40123,
    "event": "login",
    "outcome": "success",
}


@pytest.fixture
def archive(monkeypatch, paths):
    """An archive that finds one record of one account; what it was asked is kept."""
    found = SimpleNamespace(records=[RECORD], accounts=1, asked=[])

    def execute(statement, parameters):
        found.asked.append(parameters)
        rows = [("disclosure", {"id": 7, "accounts": found.accounts}), ("seal", {"seq": 9})]
        rows += [("access", record) for record in found.records]
        return SimpleNamespace(fetchone=lambda: (7,), fetchall=lambda: rows)

    session = SimpleNamespace(execute=execute)
    reached = SimpleNamespace(endpoint=lambda service, endpoint: ("127.0.0.1", 5432))
    monkeypatch.setattr(disclose, "_now", lambda: datetime(2026, 11, 26, tzinfo=UTC))
    monkeypatch.setattr(access, "StackPaths", lambda stack: paths)
    monkeypatch.setattr(disclose, "Stack", lambda paths: reached)
    monkeypatch.setattr(disclose.disclosure, "connection", lambda *given: nullcontext(session))
    paths.clients.mkdir(parents=True)
    (paths.clients / "archive_discloser.password").write_text("word", "utf-8")
    return found


@pytest.fixture
def ask(monkeypatch, capsys, tmp_path):
    """Type the command with the order's options and these; gives status, output, errors."""

    def typed(*words):
        monkeypatch.setattr(
            sys, "argv", ["amanat", "access", *ORDER, *words, "--into", str(tmp_path / "out")]
        )
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return typed


def test_an_address_a_port_and_a_second_are_asked_in_any_digits_and_calendar(archive, ask):
    status, out, err = ask("--ip", "۲۰۳.۰.۱۱۳.۷", "--port", "۴۰۱۲۳", "--at", "۱۴۰۵-۰۸-۲۹T۱۳:۳۰:۰۰.۵")
    assert (status, json.loads(archive.asked[0][3])) == (
        0,
        {
            "record": "access",
            "from": "2026-11-20T10:00:00+00:00",
            "until": "2026-11-20T10:00:01+00:00",
            "ip": "203.0.113.7",
            "port": "40123",
        },
    )
    assert (
        "accounts that used 203.0.113.7 port 40123 from 2026-11-20T10:00:00+00:00 (1405-08-29 13:30:00" in err
    )
    assert out.splitlines()[1:] == [
        "1 record of 1 account",
        "2026-11-20T10:00:00+00:00 (1405-08-29 13:30:00 +03:30)  +98912  203.0.113.7 port 40123  login success",
    ]


def test_an_account_is_asked_over_a_span(archive, ask):
    status, _, err = ask("--account", "+۹۸۹۱۲", *SPAN)
    assert status == 0
    assert json.loads(archive.asked[0][3]) == {
        "record": "access",
        "from": "2026-10-31T20:30:00+00:00",
        "until": "2026-11-20T20:30:00+00:00",
        "parties": ["+98912"],
    }
    assert "addresses of +98912 from" in err
    assert "warning" not in err


def test_without_a_port_several_accounts_are_counted_and_none_is_told(archive, ask):
    archive.records, archive.accounts = [], 312
    status, out, err = ask("--ip", "2001:DB8::7", *SPAN)
    assert status == 0
    assert json.loads(archive.asked[0][3])["ip"] == "2001:db8::7"
    assert out.splitlines()[1:] == ["0 records of 312 accounts"]
    assert "warning: 312 accounts match, and the order names no port" in err
    assert "--every-account" in err


def test_an_order_for_every_account_says_so_to_the_archive(archive, ask):
    assert ask("--ip", "::ffff:203.0.113.7", "--every-account", *SPAN)[0] == 0
    asked = json.loads(archive.asked[0][3])
    assert (asked["ip"], asked["accounts"]) == ("203.0.113.7", "every")


def test_an_answer_that_is_none_is_told_loudly(archive, ask):
    archive.records, archive.accounts = [], 0
    _, out, err = ask("--ip", "203.0.113.7", *SPAN)
    assert out.splitlines()[1] == "0 records of 0 accounts"
    assert "warning: the archive has no accounts that used 203.0.113.7 from" in err
    assert "on record as disclosure 7" in err


def test_of_a_long_answer_the_first_are_told(archive, ask):
    archive.records = [RECORD | {"id": number} for number in range(access.SHOWN + 3)]
    _, out, _ = ask("--account", "+98912", *SPAN)
    assert len(out.splitlines()) == 2 + access.SHOWN + 1
    assert out.splitlines()[-1] == "… and 3 more in the bundle"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (SPAN, "the order names an account or an address"),
        (["--account", "x", "--ip", "192.0.2.7", *SPAN], "the order names an account or an address"),
        (["--account", "x", "--port", "443", *SPAN], "a port is of an address"),
        (["--account", "x", "--every-account", *SPAN], "every account is of an address"),
        (["--ip", "192.0.2.0/24", *SPAN], "192.0.2.0/24 is not the address of one host"),
        (["--ip", "192.0.2.7", "--port", "0", *SPAN], "is not a port"),
        (["--ip", "192.0.2.7", "--port", "65536", *SPAN], "is not a port"),
        (["--ip", "192.0.2.7", "--port", "²", *SPAN], "is not a port"),
        (["--ip", "192.0.2.7"], "the order names one time"),
        (["--ip", "192.0.2.7", "--from", "1405-08-10"], "the order names one time"),
        (["--ip", "192.0.2.7", "--at", "1405-08-10", *SPAN], "the order names one time"),
        (["--account", "x\u202ey", *SPAN], "which can't be seen"),
        (["--account", "x", "--from", "1405-08-30", "--to", "1405-08-10"], "is not after"),
        (["--account", "x", "--from", "1405-12-10", "--to", "1405-12-11"], "lies in the future"),
    ],
)
def test_a_question_that_is_none_is_refused_before_the_archive_is_asked(archive, ask, words, why):
    status, _, err = ask(*words)
    assert status
    assert why in err
    assert err.count("error: ") == 1
    assert archive.asked == []
