"""sudo's recordings go into the journal whole and while they grow, whatever is killed, and no more than has room."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing

import pytest

from amanat_host.entry import Exit
from amanat_host.errors import HostError
from amanat_host.logs import new_recordings, recorded_sessions, send_recordings
from amanat_host.logs.recording import PART_BYTES, Recording
from amanat_host.logs.send_recordings import Sender
from amanat_host.logs.sent_parts import SentParts
from amanat_host.logs.stored_recordings import sessions
from amanat_host.times import utc
from tests.unit.host.recordings import BEGAN, Journal, Session, fields_of, key_of

ROOM = 1 << 30


@pytest.fixture
def records(tmp_path):
    made = tmp_path / "sudo-io"
    made.mkdir()
    return made


@pytest.fixture
def journal():
    return Journal()


@pytest.fixture
def clock(monkeypatch):
    """The time of day, which a test moves on; a day's worth of bytes grows with `clock.running`."""

    class Clock:
        now, running = BEGAN + 100.0, 0.0

        def later(self, seconds):
            self.now += seconds
            self.running += seconds

    made = Clock()
    monkeypatch.setattr(send_recordings.time, "time", lambda: made.now)
    monkeypatch.setattr(send_recordings.time, "time_ns", lambda: int(made.now * 1e9))
    monkeypatch.setattr(send_recordings.time, "monotonic", lambda: made.running)
    return made


@pytest.fixture
def start(records, journal, tmp_path, clock):  # noqa: ARG001 - the clock is set
    """start() begins the program anew, with what the one before had on the disk."""
    opened = []

    def started(room=ROOM, began_at=0.0):
        for one in opened:
            one.close()
        opened.append(SentParts(tmp_path / "sent.db"))
        return Sender(records, opened[-1], journal, room, began_at)

    yield started
    for one in opened:
        one.close()


def noise(seed, count):
    """Bytes that don't pack, the same ones each time."""
    return random.Random(seed).randbytes(count)  # noqa: S311 - nothing secret


def stored(journal, **of):
    """What the log server makes of what the journal has: name -> session."""
    return {one.name: one for one in sessions(journal.entries(**of)).sessions}


def recorded(records):
    """What the machine says of its recordings."""
    return {one.name: one for one in recorded_sessions.read(records).sessions}


def same(journal, records, name="deploy/000001"):
    """Whether a recording is stored as it is on the machine."""
    there = stored(journal)[name]
    return there.is_whole and there.left_out_bytes == 0 and there.sha256 == recorded(records)[name].sha256


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


def test_nothing_is_sent_twice_by_the_next_start(records, journal, start):
    Session(records).ends()
    start().step()
    start().step()
    assert len(journal.taken) == 1


def test_what_the_journal_lost_is_sent_again_with_its_number(records, journal, start, clock):
    session, sender = Session(records), start()
    journal.loses = True
    sender.step()
    journal.loses = False
    session.prints(b"more\n")
    clock.later(2)
    sender.step()
    assert [key_of(told)[2] for told in journal.taken] == [2]
    clock.later(5)
    session.ends()
    sender.step()
    assert [key_of(told)[2] for told in journal.taken] == [2, 1, 3]
    assert same(journal, records)


def test_after_a_start_what_a_crash_of_the_machine_took_from_the_journal_is_sent_again(
    records, journal, start, clock
):
    Session(records).ends()
    sender = start()
    for _ in range(2):
        sender.step()
        clock.later(2)
    journal.taken.clear()
    clock.later(300)
    start().step()
    assert same(journal, records)


def test_what_has_been_in_the_journal_for_long_is_not_looked_for(records, journal, start, clock, monkeypatch):
    Session(records).ends()
    sender = start()
    sender.step()
    clock.later(700)
    sender.step()
    monkeypatch.setattr(journal, "parts_since", lambda _at: pytest.fail("asked for nothing"))
    start().step()


@pytest.mark.parametrize("fails_after", range(5))
def test_a_journald_that_goes_away_in_the_middle_costs_nothing(records, journal, start, clock, fails_after):
    session = Session(records)
    session.appends(noise(2, 4 * PART_BYTES))
    journal.fails_after = fails_after
    with pytest.raises(ConnectionRefusedError):
        start().step()
    journal.fails_after = None
    session.prints(b"afterwards\n")
    session.ends()
    clock.later(10)
    sender = start()
    sender.step()
    numbers = [key_of(told)[2] for told in journal.taken]
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]
    assert same(journal, records)


CHILD = """
import socket, sys, time
from contextlib import closing
from pathlib import Path
from amanat_host.logs import send_recordings
from amanat_host.logs.sent_parts import SentParts
records, state, there, address = sys.argv[1:]
send_recordings.PART_BYTES, send_recordings.AGAIN_SECONDS = 100, 0.0
class Journal:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.connect(address)
    def send(self, data):
        self.socket.sendall(data)
        self.socket.recv(1)
    def parts_since(self, at):
        lines = Path(there).read_text().splitlines()
        return {(name, int(began), int(part)) for name, began, part in map(str.split, lines)}
with closing(SentParts(Path(state))) as sent:
    send_recordings.Sender(Path(records), sent, Journal(), 1 << 30, 0.0).step()
"""


def test_a_kill_at_any_moment_loses_nothing_and_confuses_nothing(records, journal, tmp_path):
    """The program is killed with -9 between two parts and again and again, while the recording grows."""
    session, there = Session(records), tmp_path / "there"
    by_key = {}

    def run(packets):
        """The program's next run, which is killed when it has sent so many parts; None for never."""
        there.write_text("".join(f"{name} {began} {part}\n" for name, began, part in by_key))
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)) as listening:
            address = tmp_path / "socket"
            address.unlink(missing_ok=True)
            listening.bind(str(address))
            listening.listen()
            words = [sys.executable, "-c", CHILD, records, tmp_path / "sent.db", there, address]
            with subprocess.Popen(words) as child:
                taken, _ = listening.accept()
                with taken:
                    while packets != 0 and (data := taken.recv(1 << 17)):
                        told = fields_of(data)
                        known = by_key.setdefault(key_of(told), told)
                        assert known["AMANAT_DATA"] == told["AMANAT_DATA"], "one number, two contents"
                        journal.taken.append(told)
                        packets = packets and packets - 1
                        if packets != 0:
                            taken.sendall(b".")
                    if packets == 0:
                        child.send_signal(signal.SIGKILL)
        return child.returncode

    for run_number, packets in enumerate((0, 1, 2, 0, 3, 1)):
        session.appends(noise(run_number, 350))
        assert run(packets) == -signal.SIGKILL
    session.ends()
    assert run(None) == 0
    assert same(journal, records)


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
    sender.step()
    sender.step()
    assert len(journal.taken) == 2
    assert capsys.readouterr().err.count("recordings wait") == 1
    for _ in range(3):
        clock.later(12 * 3600)
        sender.step()
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


def test_a_part_that_is_no_longer_on_the_disk_is_given_up(records, journal, start, clock, capsys):
    session, sender = Session(records), start()
    journal.loses = True
    sender.step()
    (session.path / "ttyout").write_bytes(b"")
    journal.loses = False
    for _ in range(3):
        clock.later(10)
        sender.step()
    assert capsys.readouterr().err.count("part 1 of deploy/000001 can't be sent") == 1


def test_what_is_gone_from_the_disk_is_forgotten(records, start, tmp_path, clock):
    session = Session(records).ends()
    sender = start()
    sender.step()
    clock.later(2)
    sender.step()
    for file in session.path.iterdir():
        file.unlink()
    session.path.rmdir()
    start().step()
    with closing(SentParts(tmp_path / "sent.db")) as sent:
        assert not sent.progress("deploy/000001", BEGAN).is_done


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
    assert not stored(journal)["deploy/ZZZZZZ"].is_whole


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


def test_what_was_sent_is_on_the_disk_in_a_file_that_can_be_read(tmp_path):
    (tmp_path / "sent.db").write_text("no database, but long enough to be looked at as one" * 50)
    with pytest.raises(HostError, match=r"what was sent can't be read(.|\n)*Remove it"):
        SentParts(tmp_path / "sent.db")


def test_the_machine_tells_of_each_account_its_newest(records, monkeypatch):
    monkeypatch.setattr(recorded_sessions, "NEWEST", 2)
    for number in range(1, 5):
        Session(records, f"00000{number}", began=BEGAN + number).ends()
    Session(records, account="auditor").ends()
    Session(records, "000009", began=BEGAN + 9)  # goes on
    assert recorded(records).keys() == {"deploy/000004", "auditor/000001"}


def test_a_signal_ends_it_in_order():
    def step():
        raise SystemExit(143)

    assert send_recordings.send_until_stopped(step) == Exit.DONE


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
