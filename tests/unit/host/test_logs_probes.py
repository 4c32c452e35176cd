"""What the probes tell of stored journals and of a machine's own: numbers, and no line."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from amanat_host.logs import probe, probe_journal
from amanat_host.logs.store import Store
from tests.unit.host.journal import IDENTITY, START_US, entry, exported

NOW = datetime.fromtimestamp(START_US / 1e6, UTC)
NEW, NEWER = "c" * 32, "d" * 32


@pytest.fixture
def place(monkeypatch, tmp_path):
    """Where journals are stored, with two machines: one that is whole, and one that has something of everything."""
    monkeypatch.setattr(probe, "PLACE", tmp_path)
    monkeypatch.setattr(probe, "SEALED", tmp_path / "alpha" / "sealed")
    for machine, entries in {
        "alpha": [entry(number) for number in range(1, 10)],
        "beta": [
            entry(5, fields=((b"_MACHINE_ID", b"1" * 32),)),
            entry(9, fields=((b"_MACHINE_ID", b"1" * 32),)),
            entry(3, numbering=NEW, fields=((b"_MACHINE_ID", b"1" * 32),)),
            entry(1, numbering=NEWER, fields=((b"_MACHINE_ID", b"2" * 32),)),
        ],
    }.items():
        (tmp_path / machine).mkdir()
        with closing(Store(tmp_path / machine)) as store:
            for one in entries:
                store.add(one, now=NOW)
            if machine == "beta":
                store.state.numberings[1].holes[0].lost_at = NOW.isoformat()
                store.state.numberings[0].reused.append((6, 7))
            store.commit()
    return tmp_path


def test_what_is_stored_is_told_in_numbers(place, call):
    status, out = call(probe.main, "stored")
    told = json.loads(out)
    assert (status, told["unreadable"]) == (0, {})
    assert told["streams"]["alpha"] == {
        "numbering": IDENTITY,
        "first": 1,
        "last": 9,
        "entries": 9,
        "began_anew": [],
        "missing": 0,
        "lost": 0,
        "reused": 0,
        "holes": [],
        "checked_at": None,
        "complete_at": None,
    }
    beta = told["streams"]["beta"]
    assert (beta["numbering"], beta["first"], beta["last"], beta["entries"]) == (NEWER, 1, 1, 4)
    assert (beta["missing"], beta["lost"], beta["reused"]) == (3, 2, 2)
    now = NOW.isoformat()
    assert beta["holes"] == [
        {"first": 6, "last": 8, "count": 3, "found_at": now, "lost_at": None},
        {"first": 1, "last": 2, "count": 2, "found_at": now, "lost_at": now},
    ]
    assert beta["began_anew"] == [NOW.isoformat()], (
        "of the machine itself once; it was installed anew after that"
    )
    assert "line" not in out


def test_a_state_that_cannot_be_read_is_told(place, call):
    (place / "alpha/state.json").write_text("{")
    told = json.loads(call(probe.main, "stored")[1])
    assert "the state can't be read" in told["unreadable"]["alpha"]
    assert set(told["streams"]) == {"beta"}
    assert "the state can't be read" in json.loads(call(probe.main, "verify")[1])["faults"]["alpha"][0]


def test_a_machine_that_never_answered_has_no_stream(place, call):
    (place / "gamma").mkdir()
    assert "gamma" not in json.loads(call(probe.main, "stored")[1])["streams"]


def test_what_was_altered_is_told(place, call):
    assert json.loads(call(probe.main, "verify")[1]) == {
        "entries": {"alpha": 9, "beta": 4},
        "faults": {"alpha": [], "beta": []},
    }
    (file,) = (place / "alpha").glob("*.export")
    file.write_bytes(file.read_bytes().replace(b"__SEQNUM=4\n", b"__SEQNUM=5\n"))
    assert json.loads(call(probe.main, "verify")[1])["faults"]["alpha"] == [
        f"numbers 4 to 4 of {IDENTITY} are gone",
        f"numbers 5 to 5 of {IDENTITY} are stored twice",
    ]


def test_a_journals_newest_number_is_told(monkeypatch, call):
    monkeypatch.setattr(probe_journal, "run_raw", lambda *_: exported(7))
    assert json.loads(call(probe_journal.main, "end")[1]) == {"numbering": IDENTITY, "number": 7}


def test_an_empty_journal_is_no_answer(monkeypatch, call):
    monkeypatch.setattr(probe_journal, "run_raw", lambda *_: b"")
    assert call(probe_journal.main, "end")[0] == 1
    assert call(probe_journal.main, "recent")[0] == 1


def told_by_both(monkeypatch, call, tmp_path, logged, stored):
    """The ranges of numbers that a machine and the log server tell, with their digests."""
    (tmp_path / "gamma").mkdir()
    with closing(Store(tmp_path / "gamma")) as store:
        for one in stored:
            store.add(one, now=NOW)
        store.commit()
    raw = b"".join(one.raw for one in logged)
    monkeypatch.setattr(
        probe_journal, "run_raw", lambda *command: raw if "--lines=1" not in command else logged[-1].raw
    )
    own = json.loads(call(probe_journal.main, "recent")[1])
    other = json.loads(call(probe.main, "recent")[1])
    assert other["unreadable"] == {}
    return own["ranges"], other["machines"]["gamma"]["ranges"]


def test_both_sides_tell_the_same_of_what_is_the_same(place, monkeypatch, call, tmp_path):
    entries = [entry(number) for number in range(1, 3100)]
    own, other = told_by_both(monkeypatch, call, tmp_path, entries, entries[:3050])
    assert own["3021-3040"] == other["3021-3040"]
    assert [name for name in own if name in other and own[name] != other[name]] == []
    assert {"1-1000", "1001-2000", "2001-3000"} <= own.keys() & other.keys()
    assert "3041-3060" not in other, "not all of it is stored"
    assert "line" not in call(probe.main, "recent")[1]


@pytest.mark.parametrize("number", [1, 1500, 3025])
def test_an_entry_that_is_other_than_the_machines_shows(place, monkeypatch, call, tmp_path, number):
    entries = [entry(number) for number in range(1, 3100)]
    altered = [
        one if one.number != number else entry(number, fields=((b"MESSAGE", b"other"),)) for one in entries
    ]
    own, other = told_by_both(monkeypatch, call, tmp_path, entries, altered)
    differing = [name for name in own if own[name] != other[name]]
    assert differing
    assert all(int(name.split("-")[0]) <= number <= int(name.split("-")[1]) for name in differing)


def test_what_is_sealed_is_told_in_days_and_digests(place, call, monkeypatch, tmp_path):
    settings = tmp_path / "seal.json"
    settings.write_text('{"retention_days": 200}')
    monkeypatch.setattr(probe, "SEALER_SETTINGS", settings)
    with closing(Store(place / "alpha")) as store:
        store.turn_day(NOW + timedelta(days=1))
        store.commit()
    status, out = call(probe.main, "sealed")
    told = json.loads(out)
    assert (status, told["retention_days"], told["unreadable"]) == (0, 200, {})
    assert told["chains"]["alpha"] == {
        "records": [],
        "stamped": 0,
        "sealed": 0,
        "purged": [],
        "oldest_kept": None,
        "unsealed": [NOW.strftime("%Y-%m-%d")],
        "open_day": (NOW + timedelta(days=1)).strftime("%Y-%m-%d"),
        "outside_stamped": 0,
        "outside_waits_since": None,
    }
