"""Recordings are put together from what is stored of them, compared with the machine's own, and written out."""

import json
from dataclasses import asdict

import pytest

from amanat_host.answers.logs import StoredRecordings, StoredSession, StoredSessions
from amanat_host.entry import Exit
from amanat_host.logs import probe, probe_journal, read_recording, recorded_sessions, stored_recordings
from amanat_host.logs.recording import PART_BYTES, digest
from amanat_host.times import utc
from tests.unit.host.journal import START_US
from tests.unit.host.recordings.sudo import BEGAN, Session, key_of, noise, recorded, same, stored


def test_both_sides_tell_the_same_of_a_recording(records, journal, start, stored_day, call, monkeypatch):
    Session(records).ends()
    start().step()
    stored_day()
    monkeypatch.setattr(recorded_sessions.read, "__defaults__", (records,))
    status, out = call(probe_journal.main, "recordings")
    (here,) = json.loads(out)["sessions"]
    there_status, out = call(probe.main, "recordings")
    told = json.loads(out)
    (there,) = told["machines"]["alpha"]["sessions"]
    assert (status, there_status, told["unreadable"]) == (0, 0, {})
    assert there == {
        **{name: here[name] for name in ("name", "at", "sha256")},
        "is_whole": True,
        "left_out_bytes": 0,
    }
    assert told["machines"]["alpha"]["since"] == utc(START_US / 1e6)


def test_a_machine_of_which_nothing_is_stored_yet_has_no_recordings(stored_day, call):
    stored_day()
    assert json.loads(call(probe.main, "recordings")[1])["machines"]["alpha"]["sessions"] == []


def test_a_stored_recording_is_written_out_for_sudoreplay(
    records, journal, start, stored_day, call, tmp_path
):
    session = Session(records, "00000A")
    session.appends(noise(7, 2 * PART_BYTES))
    session.ends()
    Session(records, "00000B").ends()
    start().step()
    stored_day()
    into = tmp_path / "out"
    status, out = call(read_recording.main, "alpha", "2026-11-18", "deploy/00000A", str(into))
    assert (status, out.splitlines()) == (
        0,
        ["deploy/00000A of alpha: whole, 3 parts", f"sudoreplay --directory={into} 00000A"],
    )
    written = {path.name: path.read_bytes() for path in (into / "00/00/0A").iterdir()}
    assert written == session.files()
    assert {path.stat().st_mode & 0o777 for path in (into, *into.rglob("*"))} == {0o700, 0o600}


def test_a_recording_that_is_not_stored_whole_is_written_as_far_as_it_is(
    records, journal, start, stored_day, call, tmp_path
):
    session = Session(records)
    start().step()
    stored_day()
    status, out = call(read_recording.main, "alpha", "2026-11-18", "deploy/000001", str(tmp_path / "out"))
    assert (status, out.splitlines()[0]) == (0, "deploy/000001 of alpha: not whole, 1 parts")
    assert (tmp_path / "out/00/00/01/log").read_bytes() == session.files()["log"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("alpha", "2026-11-18", "deploy/000009"), "nothing is stored of deploy/000009"),
        (("alpha", "2026-11-18", "../etc/000009"), "an account and a number"),
        (("alpha", "yesterday", "deploy/000001"), "a day is a date"),
        (("beta", "2026-11-18", "deploy/000001"), "nothing is stored of this machine"),
        (("..", "2026-11-18", "deploy/000001"), "nothing is stored of this machine"),
    ],
)
def test_what_is_not_stored_is_told(records, start, stored_day, call, tmp_path, words, said):
    Session(records).ends()
    start().step()
    stored_day()
    assert call(read_recording.main, *words, str(tmp_path / "out"))[0] == Exit.FAILED
    assert said in call.said
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_over(records, start, stored_day, call, tmp_path):
    Session(records).ends()
    start().step()
    stored_day()
    words = ("alpha", "2026-11-18", "deploy/000001", str(tmp_path))
    assert call(read_recording.main, *words)[0] == Exit.FAILED
    assert "File exists" in call.said


def test_altered_afterwards_shows(records, journal, start):
    session = Session(records).ends()
    start().step()
    (session.path / "ttyout").write_bytes(b"nothing to see")
    assert not same(journal, records)


def test_entries_of_another_unit_are_none(records, journal, start):
    Session(records).ends()
    start().step()
    assert stored(journal, unit="rogue.service") == {}


@pytest.mark.parametrize(
    "change",
    [
        {"AMANAT_PIECES": b"passwd 0 3\n"},
        {"AMANAT_PIECES": b"log 0 99999\n"},
        {"AMANAT_PIECES": b"log\n"},
        {"AMANAT_PIECES": b"\xff 0 1\n"},
        {"AMANAT_PART": b"one"},
    ],
)
def test_an_entry_that_is_no_part_stops_nobody(records, journal, start, change):
    Session(records).ends()
    start().step()
    journal.taken.insert(0, {**journal.taken[0], **change, "AMANAT_RECORDING": b"deploy/ZZZZZZ"})
    assert same(journal, records)
    assert "deploy/ZZZZZZ" not in stored(journal)


def test_parts_are_put_together_in_whatever_order_they_come(records, journal, start):
    session = Session(records)
    session.appends(noise(5, 5 * PART_BYTES))
    session.ends()
    start().step()
    journal.taken = journal.taken[3:] + journal.taken[2::-1]
    journal.taken += journal.taken[:2]
    assert same(journal, records)
    journal.taken = [told for told in journal.taken if key_of(told)[2] != 3]
    assert not stored(journal)["deploy/000001"].is_whole


def test_the_machine_tells_of_each_account_its_newest(records, monkeypatch):
    monkeypatch.setattr(recorded_sessions, "NEWEST", 2)
    for number in range(1, 5):
        Session(records, f"00000{number}", began=BEGAN + number).ends()
    Session(records, account="auditor").ends()
    Session(records, "000009", began=BEGAN + 9)  # goes on
    assert recorded(records).keys() == {"deploy/000004", "auditor/000001"}


@pytest.mark.parametrize(
    "stands_in", [False, True], ids=["a number that is missing", "bytes that are missing"]
)
def test_a_recording_that_lacks_a_part_is_not_whole(records, journal, start, stands_in):
    session, sender = Session(records), start()
    for _ in range(3):
        session.appends(noise(8, 100))
        sender.step()
    if stands_in:
        session.appends(b"the end")
    (session.path / "timing").chmod(0o400)
    sender.step()
    at = 1 if stands_in else 2
    journal.taken[at : at + 1] = [{**journal.taken[0], "AMANAT_PART": b"2"}] if stands_in else []
    assert not stored(journal)["deploy/000001"].is_whole


def test_the_newest_of_each_account_are_told_and_from_when_on(records, journal, start, monkeypatch):
    monkeypatch.setattr(stored_recordings, "TOLD", 2)
    for number in range(1, 5):
        Session(records, f"00000{number}", began=BEGAN + number).ends()
    Session(records, account="auditor").ends()
    start().step()
    told = stored_recordings.sessions(journal.entries())
    assert {one.name for one in told.sessions} == {"deploy/000003", "deploy/000004", "auditor/000001"}
    assert told.left_out_until == {"deploy": utc(BEGAN + 3)}


def test_what_the_log_server_tells_of_six_machines_fits_into_what_sudo_holds():
    """sudo, which records it, drops what is longer and not taken at once."""
    one = StoredSession("auditor/00000A", utc(BEGAN), True, 10**9, digest("x"))  # noqa: FBT003 - whole
    sessions = StoredSessions(utc(BEGAN), {"auditor": utc(BEGAN)}, [one] * stored_recordings.TOLD * 3)
    told = StoredRecordings({f"machine-{number}": sessions for number in range(6)}, {})
    assert len(json.dumps(asdict(told))) < 64 * 1024
