"""No part of a recording is lost, and none confused, whatever is killed: the program, journald, the machine."""

import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from amanat_host.errors import HostError
from amanat_host.logs.recording import PART_BYTES
from amanat_host.logs.send_recordings import send_until_stopped
from amanat_host.logs.sent_parts import SentParts
from tests.unit.host.recordings.sudo import BEGAN, Session, fields_of, key_of, noise, same


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
    assert not sender.step()
    assert [key_of(told)[2] for told in journal.taken] == [2, 1, 3]
    clock.later(2)
    assert sender.step()
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
from datetime import UTC, datetime
from pathlib import Path
from amanat_host.logs import send_recordings
from amanat_host.logs.send_recordings import send_until_stopped
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
        assert sent.doubted() == []


def test_what_was_sent_is_on_the_disk_in_a_file_that_can_be_read(tmp_path):
    (tmp_path / "sent.db").write_text("no database, but long enough to be looked at as one" * 50)
    with pytest.raises(HostError, match=r"what was sent can't be read(.|\n)*Remove it"):
        SentParts(tmp_path / "sent.db")


def test_recordings_that_were_out_of_sight_are_sent_anew(records, journal, start, clock, tmp_path):
    session = Session(records)
    start().step()
    session.ends()
    start().step()
    records.rename(tmp_path / "elsewhere")
    records.mkdir()
    start().step()
    records.rmdir()
    (tmp_path / "elsewhere").rename(records)
    clock.later(5)
    start().step()
    assert [key_of(told)[2] for told in journal.taken] == [1, 2, 1]
    assert same(journal, records)


def test_notes_that_were_lost_in_the_middle_leave_a_recording_whole(records, journal, start, tmp_path):
    """What is sent anew is cut otherwise; each of its bytes still has its place."""
    session, sender = Session(records), start()
    for line in (b"one", b"two", b"three"):
        session.prints(line)
        sender.step()
    (tmp_path / "sent.db").unlink()
    session.prints(b"four")
    session.ends()
    start().step()
    assert [key_of(told)[2] for told in journal.taken] == [1, 2, 3, 1]
    assert same(journal, records)


def test_a_disk_that_is_full_is_told_in_one_message(records, start):
    def step():
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(
        HostError, match=r"what is sent can't be noted: database or disk is full \(.*sent.db\)"
    ):
        send_until_stopped(step)
