"""sudo's recordings go into the journal whole and while they grow, and no more of them than has room."""

import os
import socket
import time
from contextlib import closing

import pytest

from amanat_host.entry import Exit
from amanat_host.logs import journald, new_recordings, send_recordings
from amanat_host.logs.recording import PART_BYTES, Recording
from amanat_host.times import utc
from tests.unit.host.journal import entry
from tests.unit.host.recordings.sudo import BEGAN, Session, key_of, noise, recorded, same, stored


def test_a_short_session_is_one_entry_with_all_that_tells_what_it_is(records, journal, start):
    session = Session(records, command="/bin/cat /etc/hostname")
    session.prints(b"store\n")
    session.ends()
    start().step()
    (told,) = journal.taken
    assert told["SYSLOG_IDENTIFIER"] == b"amanat-sudo-recording"
    assert told["AMANAT_RECORDING"] == b"deploy/000001"
    assert (told["AMANAT_RUN_AS"], told["AMANAT_COMMAND"]) == (b"root", b"/bin/cat /etc/hostname")
    assert (told["AMANAT_PART"], told["AMANAT_LAST"]) == (b"1", b"recorded")
    assert told["MESSAGE"] == b"deploy/000001 as root: recorded in 1 parts"
    assert told["AMANAT_DATA"] == b"".join(
        session.files()[name] for name in ("log", "log.json", "timing", "ttyout")
    )
    assert same(journal, records)
    assert stored(journal)["deploy/000001"].at == utc(BEGAN)


def test_what_a_session_prints_goes_while_it_runs(records, journal, start):
    session, sender = Session(records), start()
    sender.step()
    session.prints(b"one\n")
    sender.step()
    assert len(journal.taken) == 2
    assert not any("AMANAT_LAST" in told or "MESSAGE" in told for told in journal.taken)
    assert not stored(journal)["deploy/000001"].is_whole
    session.prints(b"two\n")
    session.ends()
    sender.step()
    sender.step()
    assert [int(told["AMANAT_PART"]) for told in journal.taken] == [1, 2, 3]
    assert same(journal, records)


def test_the_end_is_told_though_nothing_was_printed_since(records, journal, start):
    session, sender = Session(records), start()
    session.appends(b"")
    sender.step()
    (session.path / "timing").chmod(0o400)
    sender.step()
    assert journal.taken[-1]["AMANAT_DATA"] == b""
    assert same(journal, records)


@pytest.mark.parametrize(
    "data", [bytes(range(256)) * 3, b"\xff\n\n=\x00MESSAGE\n", "سلام\n".encode(), b"=\n"]
)
def test_any_bytes_arrive_as_they_are(records, journal, start, data):
    session = Session(records)
    session.appends(data)
    session.ends()
    start().step()
    assert same(journal, records)


@pytest.mark.parametrize("log", [b"garbage", b"\x00\xff\n\n\n", b"-5:a\n", "۱۲:علی:root\n".encode()])
def test_a_recording_that_says_nothing_sensible_of_itself_is_sent(records, journal, start, log):
    session = Session(records)
    (session.path / "log").write_bytes(log)
    session.ends()
    start().step()
    assert stored(journal)["deploy/000001"].is_whole
    assert stored(journal)["deploy/000001"].sha256 == recorded(records)["deploy/000001"].sha256


def test_what_is_no_file_is_not_read(records, journal, start):
    session = Session(records)
    (records / "secret").write_text("of somebody else")
    (session.path / "stdin").symlink_to(records / "secret")
    os.mkfifo(session.path / "ttyin")
    (session.path / "log").unlink()
    (session.path / "log").symlink_to(records / "secret")
    session.ends()
    start().step()
    assert b"of somebody else" not in journal.taken[0]["AMANAT_DATA"]
    assert stored(journal)["deploy/000001"].is_whole


def test_a_large_recording_goes_in_parts(records, journal, start):
    session = Session(records)
    session.appends(noise(1, 3 * PART_BYTES))
    session.ends()
    start().step()
    assert len(journal.taken) == 4
    assert all(len(told["AMANAT_DATA"]) <= PART_BYTES for told in journal.taken)
    assert same(journal, records)


def test_a_recording_that_sudo_has_begun_and_not_named_is_waited_for(records, journal, start, clock):
    session, sender = Session(records), start()
    (session.path / "log").write_bytes(b"")
    sender.step()
    assert journal.taken == []
    clock.later(2)
    (session.path / "log").write_text(f"{BEGAN}:deploy:root::/dev/pts/1:24:80\n")
    sender.step()
    assert len(journal.taken) == 1


def test_what_was_recorded_before_the_first_start_is_sent_the_newest_first(records, journal, start):
    for number in range(1, 4):
        Session(records, f"00000{number}", began=BEGAN + number).ends()
    start().step()
    assert [told["AMANAT_RECORDING"][-1:] for told in journal.taken] == [b"3", b"2", b"1"]


def test_a_recording_above_its_share_is_cut_and_that_is_told(records, journal, start, capsys):
    session = Session(records)
    session.appends(noise(4, 10_000))
    sender = start(room=256 * 4096)
    sender.step()
    sender.step()
    session.appends(b"x" * 500)
    session.ends()
    sender.step()
    told = stored(journal)["deploy/000001"]
    size = sum(len(data) for data in session.files().values())
    assert told.is_whole
    assert told.left_out_bytes == size - 4096
    assert told.sha256 == recorded(records)["deploy/000001"].sha256
    assert sum(len(one["AMANAT_DATA"]) for one in journal.taken) == 4096
    assert capsys.readouterr().err.count("deploy/000001 is larger than 4096 bytes") == 1


def test_what_comes_too_fast_waits_for_its_turn(records, journal, start, clock, capsys):
    for number in range(1, 6):
        session = Session(records, f"00000{number}", began=BEGAN + number)
        session.appends(noise(number, 3_000))
        session.ends()
    sender = start(room=16 * 8192)  # 8 KiB a day, 512 bytes of one
    sender._most_bytes = 1 << 20
    assert [sender.step(), sender.step()] == [False, False]
    assert len(journal.taken) == 2
    assert capsys.readouterr().err.count("recordings wait") == 1
    for _ in range(3):
        clock.later(12 * 3600)
        is_complete = sender.step()
    assert is_complete
    assert all(same(journal, records, f"deploy/00000{number}") for number in range(1, 6))


def test_a_session_that_a_restart_cut_off_is_ended(records, journal, start):
    session = Session(records)
    session.prints(b"half")
    for file in session.path.iterdir():
        os.utime(file, (BEGAN, BEGAN))
    start(began_at=BEGAN + 50.0).step()
    assert journal.taken[0]["AMANAT_LAST"] == b"cut off"
    assert stored(journal)["deploy/000001"].is_whole
    assert recorded(records) == {}


def test_a_session_that_still_writes_is_not_ended_by_a_clock_that_was_wrong(records, journal, start):
    Session(records, began=5).prints(b"since a wrong clock")
    start(began_at=100.0).step()
    assert "AMANAT_LAST" not in journal.taken[0]


def test_a_number_that_is_given_again_is_another_recording(records, journal, start, clock):
    Session(records).ends()
    sender = start()
    sender.step()
    clock.later(2)
    sender.step()
    (records / "deploy/00/00/01/ttyout").write_bytes(b"")
    again = Session(records, began=BEGAN + 50)
    sender._new._last["deploy"] = (0, 0)  # the numbers began anew
    sender.step()
    assert [key_of(told)[1] for told in journal.taken] == [BEGAN, BEGAN + 50]
    assert again.name == "deploy/000001"


def test_a_recording_that_is_removed_before_it_ends_is_told(records, journal, start, clock, capsys):
    session, sender = Session(records), start()
    sender.step()
    for file in session.path.iterdir():
        file.unlink()
    session.path.rmdir()
    clock.later(2)
    sender.step()
    sender.step()
    assert "deploy/000001 is gone; 1 parts of it were sent" in capsys.readouterr().err
    assert len(journal.taken) == 1


def test_a_session_that_begins_comes_before_what_was_there(records, journal, start, monkeypatch):
    """Where much was there already, or is looked at anew after a start, nobody who works now waits for it."""
    for number in range(1, 9):
        Session(records, f"00000{number}", account="auditor", began=BEGAN - number).ends()
    Session(records, "000001", began=BEGAN - 100).ends()
    sender, ticks = start(), iter(range(1000))
    monkeypatch.setattr(send_recordings.time, "monotonic", lambda: next(ticks) * 0.2)
    assert not sender.step()
    sent_first = {key_of(told)[0] for told in journal.taken}
    Session(records, "000002", began=BEGAN).ends()
    assert not sender.step()
    assert sent_first < {"deploy/000001", "auditor/000008", "auditor/000007"}
    assert "deploy/000002" in {key_of(told)[0] for told in journal.taken}
    for _ in range(20):
        is_complete = sender.step()
    assert is_complete
    assert len(journal.taken) == 10


def test_of_each_account_the_newest_is_last():
    names = {"auditor/00000A", "auditor/000009", "deploy/000001", "deploy/000002"}
    ordered = new_recordings.newest_last(names)
    assert {*ordered[2:]} == {"deploy/000002", "auditor/00000A"}
    assert {*ordered[:2]} == {"deploy/000001", "auditor/000009"}


def test_new_recordings_are_found_once(records):
    new = new_recordings.NewRecordings(records)
    assert new.find(time.time_ns()) == set()
    Session(records)
    later = time.time_ns() + 10_000_000_000
    assert new.find(later) == {"deploy/000001"}
    assert new.find(later) == set()
    Session(records, "00000A")
    Session(records, "00000B")
    found = new.find(later)
    assert {"deploy/00000A", "deploy/00000B"} <= found
    new.find(later)
    new.find(later)
    assert new.find(later) == set()


def test_a_directory_that_changed_just_now_is_looked_at_again(records):
    """Within a step of the kernel's clock another recording leaves the directory's time as it is."""
    new = new_recordings.NewRecordings(records)
    first = Session(records)
    changed = first.path.parent.stat().st_mtime_ns
    new.find(changed)
    Session(records, "000002")
    (records / "deploy/seq").unlink()
    os.utime(first.path.parent, ns=(changed, changed))
    assert new.find(changed + 10_000_000_000) == {"deploy/000002"}


def test_the_journal_takes_a_part_and_tells_that_it_has_it(records, journal, start, monkeypatch, tmp_path):
    """By journald's own socket, and by what journalctl hands out of its entries."""
    Session(records).ends()
    start().step()
    address, asked = tmp_path / "socket", []
    monkeypatch.setattr(journald, "SOCKET", str(address))
    answer = b"".join(one.raw for one in [*journal.entries(), entry(9)])
    monkeypatch.setattr(journald, "run_raw", lambda *command: asked.append(command) or answer)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
        listening.bind(str(address))
        with closing(journald.Journald()) as own:
            own.send(b"an entry")
            assert listening.recv(100) == b"an entry"
    assert own.parts_since(BEGAN + 0.5) == {("deploy/000001", BEGAN, 1)}
    assert asked[0][-1] == f"--since=@{BEGAN}"


def test_a_signal_ends_it_in_order():
    def step():
        raise SystemExit(143)

    assert send_recordings.send_until_stopped(step) == Exit.DONE


def test_that_all_was_sent_is_noted(records, call, monkeypatch, tmp_path, journal):
    """The program as it runs, but for the journal: it sends, notes, and ends at a signal."""
    Session(records).ends()
    monkeypatch.setattr(send_recordings, "RECORDS", records)
    monkeypatch.setattr(send_recordings, "NOTES", tmp_path)
    monkeypatch.setattr(send_recordings, "Journald", lambda: journal)
    monkeypatch.setattr(send_recordings, "system_began_at", lambda: 0.0)
    monkeypatch.setattr(send_recordings, "repeat_until_stopped", lambda step, _seconds: step())
    assert call(send_recordings.main, "--journal-mib", "64")[0] == Exit.DONE
    assert (tmp_path / "complete").exists()
    assert (tmp_path / "sent.db-journal").read_bytes() == b""
    assert same(journal, records)


def test_its_room_is_a_size(call):
    assert call(send_recordings.main, "--journal-mib", "0")[0] == Exit.FAILED
    assert "is a number of MiB" in call.said


def test_the_systems_beginning_is_that_of_what_has_been_there_longest(tmp_path):
    (tmp_path / "systemd").mkdir()
    first = tmp_path / "systemd/notify"
    first.touch()
    at = first.stat().st_ctime
    while (newer := tmp_path / "newer").exists() is False or newer.stat().st_ctime == at:
        newer.unlink(missing_ok=True)
        newer.touch()
    (tmp_path / "systemd").touch()
    assert send_recordings.system_began_at(tmp_path) == at


def test_a_recording_of_nothing_is_none(records):
    assert Recording.read(records, "deploy/000001") is None
