"""`amanat disclosure make` as a person types it: both calendars, the count, and an answer that is none."""

import json
import sys
from contextlib import nullcontext
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from amanat import disclosure
from amanat.cli import disclose as module
from amanat.cli.app import main

ORDER = {
    "--order": "1405/123",
    "--order-date": "1405-08-30",
    "--approver": "A. Ahmadi",
    "--party": "+۹۸۹۱۲۰۰۰۰۰۰۰",
    "--since": "1405-08-10",
    "--until": "1405-08-30",
}


@pytest.fixture
def archive(monkeypatch, paths):
    """An archive that finds `records` records; what it was asked is kept."""
    found = SimpleNamespace(records=2, asked=[])

    def execute(statement, parameters):
        found.asked.append(parameters)
        rows = [("disclosure", {"id": 7}), ("seal", {"seq": 9})]
        rows += [("message", {"id": number}) for number in range(found.records)]
        return SimpleNamespace(fetchone=lambda: (7,), fetchall=lambda: rows)

    session = SimpleNamespace(execute=execute)
    reached = SimpleNamespace(endpoint=lambda service, endpoint: ("127.0.0.1", 5432))
    monkeypatch.setattr(module, "_now", lambda: datetime(2026, 11, 26, tzinfo=UTC))
    monkeypatch.setattr(module, "StackPaths", lambda stack: paths)
    monkeypatch.setattr(module, "Stack", lambda paths: reached)
    monkeypatch.setattr(module.disclosure, "connection", lambda *given: nullcontext(session))
    paths.clients.mkdir(parents=True)
    (paths.clients / "archive_discloser.password").write_text("word", "utf-8")
    return found


@pytest.fixture
def make(monkeypatch, capsys, tmp_path):
    """Type the command with the order's options, some of them replaced; gives status, output, errors."""

    def typed(**replaced):
        given = ORDER | {f"--{name.replace('_', '-')}": value for name, value in replaced.items()}
        words = [word for pair in given.items() for word in pair]
        monkeypatch.setattr(
            sys, "argv", ["amanat", "disclosure", "make", *words, "--into", str(tmp_path / "out")]
        )
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return typed


def test_solar_hijri_dates_and_persian_digits_reach_the_archive_as_it_counts(archive, make):
    status, _, _ = make()
    number, day, approver, selector = archive.asked[0]
    assert status == 0
    assert (number, day, approver) == ("1405/123", date(2026, 11, 21), "A. Ahmadi")
    assert json.loads(selector) == {
        "record": "message",
        "from": "2026-10-31T20:30:00+00:00",
        "until": "2026-11-20T20:30:00+00:00",
        "parties": ["+989120000000"],
    }


def test_what_is_asked_for_is_said_in_both_calendars_and_the_count_too(archive, make):
    _, out, err = make()
    assert "order 1405/123 of 2026-11-21 (1405-08-30): records of +989120000000 made from" in err
    assert "2026-10-31T20:30:00+00:00 (1405-08-10 00:00:00 +03:30)" in err
    assert out.splitlines()[1] == "2 records"
    assert "warning" not in err


def test_a_bundle_without_a_record_is_told_loudly(archive, make):
    archive.records = 0
    status, out, err = make()
    assert status == 0
    assert out.splitlines()[1] == "0 records"
    assert "warning: the bundle holds 0 records: the archive has no records of +989120000000" in err
    assert "disclosure 7" in err


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("since", "1448-05-10", "lies in the future"),  # the lunar calendar's year
        ("since", "2027-01-01", "lies in the future"),
        ("order_date", "1448-05-10", "the order's date 2069-07-31 (1448-05-10) lies in the future"),
        ("order_date", "1405-12-30", "the Solar Hijri calendar has no 1405-12-30"),
        ("order_date", "yesterday", "is not a date"),
        ("until", "1405-08-10", "is not after"),
        ("until", "2026-13-01", "the Gregorian calendar has no 2026-13-01"),
        ("since", "0001-01-01T00:00+03:30", "the year 1 is neither"),
        ("since", "9999-12-31T23:59-03:30", "the year 9999 is neither"),
        ("party", "+98\u202e912", "holds U+202E"),
        ("approver", "A.\udcff Ahmadi", "an argument is not UTF-8"),
    ],
)
def test_what_the_order_cannot_mean_is_refused_before_the_archive_is_asked(archive, make, option, text, said):
    status, out, err = make(**{option: text})
    assert status == 2
    assert err.count("error: ") == 1
    assert said in err
    assert (out, archive.asked) == ("", [])


@pytest.mark.parametrize(("records", "said"), [(0, "0 records in"), (1, "1 record in"), (2, "2 records in")])
def test_an_opened_bundle_is_counted_and_dated_in_both_calendars(
    monkeypatch, capsys, tmp_path, records, said
):
    found = [{"id": number, "sent_at": "2026-11-22T21:00:00+00:00"} for number in range(records)]
    opened = disclosure.Opened({"id": 7, "order_date": "2026-11-21"}, found)
    asked = []
    monkeypatch.setattr(module.disclosure, "open_bundle", lambda *given: asked.append(given) or opened)
    monkeypatch.setattr(module, "public_key", lambda path: "key")
    (tmp_path / "word").write_text("sesame\n", "utf-8")
    words = [
        "disclosure",
        "open",
        "bundle.json",
        "--key",
        "private.asc",
        "--passphrase-file",
        str(tmp_path / "word"),
    ]
    monkeypatch.setattr(sys, "argv", ["amanat", *words, "--into", str(tmp_path / "clear.json")])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert not ended.value.code
    assert out.startswith(said)
    assert ("warning: the bundle held 0 records" in err) == (records == 0)
    assert asked[0][3]() == "sesame"
    clear = json.loads((tmp_path / "clear.json").read_text("utf-8"))
    assert clear["disclosure"]["order_date_solar_hijri"] == "1405-08-30"
    assert [one["sent_at_solar_hijri"] for one in clear["records"]] == [
        "1405-09-02 00:30:00 +03:30"
    ] * records
