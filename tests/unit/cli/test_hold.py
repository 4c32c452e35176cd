"""`amanat hold` as a person types it: both calendars, what is held, and what is refused before anything is done."""

import json
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace

import psycopg
import pytest

from amanat import holds
from amanat.cli import hold as module
from amanat.cli.app import main

HELD = [
    {"record": "message", "from": "2025-09-01T00:00:00+00:00", "records": 2},
    {"record": "message", "from": "2025-10-01T00:00:00+00:00", "records": 3},
    {"record": "transaction", "from": "2025-10-01T00:00:00+00:00", "records": 1},
]
HOLD = {
    "id": 7,
    "order_number": "1405/7",
    "approver": "A. Ahmadi",
    "selector": {"parties": ["+989120000000"]},
    "ends_at": "2027-03-20T20:30:00+00:00",
    "in_force": True,
    "held": HELD,
}
ADD = ["add", "--order", "۱۴۰۵/۷", "--approver", "A. Ahmadi"]


@pytest.fixture
def archive(monkeypatch, paths):
    """An archive with one hold, which answers first that it isn't chained; what it was asked is kept."""
    found = SimpleNamespace(
        asked=[], holds=[[HOLD | {"held": None}], [HOLD]], refuses=None, in_use=0, clock=0.0
    )

    def execute(statement, parameters=()):
        if found.refuses:
            raise found.refuses
        if found.in_use:
            found.in_use -= 1
            raise psycopg.errors.LockNotAvailable("canceling statement due to lock timeout")
        if "holds()" in statement:
            return SimpleNamespace(
                fetchall=lambda: [
                    (one,) for one in (found.holds.pop(0) if len(found.holds) > 1 else found.holds[0])
                ]
            )
        found.asked.append((statement, parameters))
        return SimpleNamespace(fetchall=lambda: [(7,)])

    def pause(seconds):
        found.clock += seconds

    monkeypatch.setattr(holds.time, "monotonic", lambda: found.clock)
    monkeypatch.setattr(holds.time, "sleep", pause)
    session = SimpleNamespace(execute=execute)
    monkeypatch.setattr(module, "_now", lambda: datetime(2026, 11, 26, tzinfo=UTC))
    monkeypatch.setattr(module, "StackPaths", lambda stack: paths)
    monkeypatch.setattr(module, "archive_session", lambda paths: nullcontext(session))
    return found


@pytest.fixture
def typed(monkeypatch, capsys):
    """Type `amanat hold …`; gives status, output, errors."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["amanat", "hold", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run


def test_persian_digits_and_solar_hijri_dates_reach_the_archive_as_it_counts(archive, typed):
    parties = ["--account", "ali", "--number", "+۹۸۹۱۲۰۰۰۰۰۰۰"]
    status, _, err = typed(
        *ADD, *parties, "--from", "۱۴۰۴-۰۷-۰۱", "--to", "2025-11-01", "--until", "۱۴۰۶/۰۱/۰۱"
    )
    assert (status, err) == (0, "")
    [(statement, (order, approver, selector, until))] = archive.asked
    assert "archive.add_hold" in statement
    assert (order, approver, until) == ("1405/7", "A. Ahmadi", datetime(2027, 3, 20, 20, 30, tzinfo=UTC))
    assert json.loads(selector) == {
        "parties": ["ali", "+989120000000"],
        "from": "2025-09-22T20:30:00+00:00",
        "until": "2025-11-01T00:00:00+00:00",
    }


def test_what_is_held_is_told_when_the_hold_is_in_the_chain(archive, typed):
    _, out, _ = typed(*ADD, "--number", "+989120000000", "--until", "1406-01-01")
    assert out == (
        "order 1405/7, approved by A. Ahmadi: records of +989120000000;"
        " holds until 2027-03-20T20:30:00+00:00 (1406-01-01 00:00:00 +03:30)\n"
        "  5 messages of 2025-09, 2025-10; 1 transaction of 2025-10\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        ["--until", "1406-01-01"],
        ["--number", "1", "--until", "2026-11-25"],
        ["--number", "1", "--until", "tomorrow"],
        ["--number", "1", "--from", "", "--until", "1406-01-01"],
        ["--number", "1\u200b", "--until", "1406-01-01"],
        ["--from", "2026-01-02", "--to", "2026-01-02", "--until", "1406-01-01"],
    ],
    ids=["nothing", "passed", "no-date", "empty", "invisible", "backwards"],
)
def test_bad_input_is_one_message_and_nothing_is_done(archive, typed, words):
    status, out, err = typed(*ADD, *words)
    assert (status, out, err.count("error: ")) == (2, "", 1)
    assert archive.asked == []


def test_the_archives_own_refusal_is_told(archive, typed):
    archive.refuses = psycopg.errors.NoDataFound("release refused: no hold of that court order is there")
    status, _, err = typed("release", "--order", "1405/8", "--approver", "A. Ahmadi")
    assert (status, err.count("error: ")) == (1, 1)
    assert "no hold of that court order" in err


def test_an_archive_in_use_is_waited_for_and_that_is_said_once(archive, typed):
    archive.in_use = 3
    status, out, err = typed(*ADD, "--number", "1", "--until", "1406-01-01")
    assert (status, len(archive.asked)) == (0, 1)
    assert "order 1405/7" in out
    assert err == "the archive is in use, by its purge or another: waiting up to 60 s\n"


def test_an_archive_that_stays_in_use_is_one_message_and_nothing_is_held(archive, typed):
    archive.in_use = 10**9
    status, out, err = typed(*ADD, "--number", "1", "--until", "1406-01-01")
    assert (status, out, err.count("error: "), archive.asked) == (1, "", 1, [])
    assert "Nothing was changed. See what `journalctl --unit=amanat-archive-purge`" in err


@pytest.mark.parametrize(
    "failure",
    [
        psycopg.errors.QueryCanceled("canceling statement due to statement timeout"),
        psycopg.OperationalError("gone"),
    ],
)
def test_a_hold_that_is_recorded_is_said_to_be_when_what_it_holds_cannot_be_told(archive, typed, failure):
    class Unread(list):
        def __iter__(self):
            raise failure

    archive.holds = [Unread()]
    status, _, err = typed(*ADD, "--number", "1", "--until", "1406-01-01")
    assert (status, err.count("error: "), len(archive.asked)) == (1, 1, 1)
    assert "the hold is recorded and in force" in err
    assert "Don't add it again" in err
    assert "Nothing was changed" not in err


def test_a_connection_that_breaks_leaves_it_open_whether_the_hold_is_there(archive, typed):
    archive.refuses = psycopg.OperationalError("server closed the connection unexpectedly")
    _, _, err = typed(*ADD, "--number", "1", "--until", "1406-01-01")
    assert "`amanat hold list` says whether it was done" in err


def test_a_release_says_how_many(archive, typed):
    status, out, _ = typed("release", "--order", "1405/7", "--approver", "A. Ahmadi")
    assert (status, out) == (0, "7 holds released; the next purge takes what is due\n")
    assert archive.asked[0][1] == ("1405/7", "A. Ahmadi")


def test_the_list_says_what_has_ended_and_what_is_not_chained(archive, typed):
    archive.holds = [
        [
            HOLD | {"in_force": False, "held": []},
            HOLD | {"held": None, "selector": {"from": "2025-09-01T00:00:00+00:00"}},
        ]
    ]
    _, out, _ = typed("list")
    assert "ended 2027-03-20T20:30:00+00:00 (1406-01-01 00:00:00 +03:30), holds nothing\n" in out
    assert "all records made from 2025-09-01T00:00:00+00:00" in out
    assert "not in the chain yet" in out
    assert json.loads(typed("list", "--json")[1])[0]["id"] == 7


def test_an_empty_list_says_so(archive, typed):
    archive.holds = [[]]
    assert typed("list")[1] == "nothing is held\n"
