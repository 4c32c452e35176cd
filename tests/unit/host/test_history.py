"""What a host keeps of its past: holes in the journal, in sudo's recordings and in the records of logins are found."""

import gzip
import json
import os
import pwd
import sqlite3
import struct
from types import SimpleNamespace

import pytest

from amanat_host.answers.system import Gap, Journal, JournalSequence
from amanat_host.system import journal, kept, logins, recordings
from amanat_host.system.journal import Line
from amanat_host.times import utc

ID = bytes(range(16))
BEGAN = 1_800_000_000


def journal_file(path, entries, *, sequence=ID, compact=True, per_array=3):
    """Write a file of the journal as journald does; `entries`: number -> seconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = bytearray(272)
    places = []
    for number, seconds in entries.items():
        places.append(len(content))
        content += struct.pack("<B7xQQQ", 3, 64, number, seconds * 1_000_000) + bytes(32)
    parts = [places[at : at + per_array] for at in range(0, len(places), per_array)]
    first, width = len(content), 4 if compact else 8
    for index, part in enumerate(parts):
        size = 24 + width * per_array
        following = len(content) + size if index + 1 < len(parts) else 0
        items = struct.pack(f"<{per_array}{'I' if compact else 'Q'}", *part, *[0] * (per_array - len(part)))
        content += struct.pack("<B7xQQ", 6, size, following) + items
    numbers = [0] * 15
    numbers[8], numbers[11] = len(entries), first if parts else 0
    struct.pack_into(
        "<8sIIB7x16x16x16x16s15Q", content, 0, b"LPKSHHRH", 0, 16 if compact else 0, 1, sequence, *numbers
    )
    path.write_bytes(content)


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def read(directory, tmp_path):
    """read(last): the journal, of which journald has given numbers up to `last`."""

    def called(last):
        note = tmp_path / "seqnum"
        note.write_bytes(struct.pack("<16sQ", ID, last))
        return journal.read([directory], note)

    return called


def times(first, last):
    return {number: BEGAN + number for number in range(first, last + 1)}


def test_numbers_are_followed_over_all_files(directory, read):
    system = {number: at for number, at in times(1, 40).items() if number % 3}
    journal_file(directory / "m/system@x.journal", {n: at for n, at in system.items() if n <= 20})
    journal_file(directory / "m/system.journal", {n: at for n, at in system.items() if n > 20}, compact=False)
    journal_file(
        directory / "m/user-1000@y.journal~", {n: at for n, at in times(1, 40).items() if n % 3 == 0}
    )
    (one,) = read(40).sequences
    assert (one.id, one.first, one.last, one.begins, one.gaps) == (ID.hex(), 1, 40, utc(BEGAN + 1), [])


def test_a_hole_is_told_with_its_numbers_and_times(directory, read):
    journal_file(directory / "m/system@x.journal", times(1, 10))
    journal_file(directory / "m/system.journal", times(15, 20))
    (gap,) = read(20).sequences[0].gaps
    assert (gap.first, gap.last, gap.after, gap.before) == (11, 14, utc(BEGAN + 10), utc(BEGAN + 15))


def test_what_journald_has_numbered_and_no_file_has_is_a_hole_at_the_end(directory, read):
    journal_file(directory / "m/system.journal", times(1, 10))
    (gap,) = read(20).sequences[0].gaps
    assert (gap.first, gap.last, gap.before) == (11, 19, "")
    assert read(11).sequences[0].gaps == []  # the newest is on its way


def test_a_hole_that_closes_while_files_change_is_none(directory, read, monkeypatch):
    journal_file(directory / "m/system.journal", times(1, 10))
    journal_file(directory / "m/user-1000.journal", {12: BEGAN + 12})
    first = journal.read_file

    def late(path):
        found = first(path)
        journal_file(directory / "m/system.journal", times(1, 11))
        return found

    monkeypatch.setattr(journal, "read_file", late)
    assert read(12).sequences[0].gaps == []


def test_of_a_file_that_a_crash_cut_off_the_rest_is_a_hole(directory, read):
    path = directory / "m/system@x.journal~"
    journal_file(path, times(1, 10))
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    journal_file(directory / "m/system.journal", times(11, 12))
    (gap,) = read(12).sequences[0].gaps
    assert gap.last == 10
    path.write_bytes(b"x" * 10)
    assert read(12).unreadable == [path.name]


def test_an_empty_file_that_a_crash_left_has_no_entries(directory, read):
    journal_file(directory / "m/system.journal", times(1, 9))
    (directory / "m/system@x.journal~").touch()
    assert read(9).unreadable == []


def test_another_sequence_stands_by_itself(directory, read):
    journal_file(directory / "m/system@x.journal", times(1, 3), sequence=bytes(16))
    journal_file(directory / "m/system.journal", {1: BEGAN + 100})
    found = read(1)
    assert [(one.id, one.first, one.last) for one in found.sequences] == [
        (bytes(16).hex(), 1, 3),
        (ID.hex(), 1, 1),
    ]
    assert found.in_use == ID.hex()


def test_lines_are_those_of_the_program_itself_and_may_be_bytes(monkeypatch):
    entries = [
        {"MESSAGE": [104, 105, 255], "_COMM": "sudo", "_PID": "7"},
        {"MESSAGE": "forged", "_COMM": "logger", "_PID": "8"},
        {"MESSAGE": "of one that ended at once", "_PID": "9"},
    ]
    texts = [json.dumps({**one, "__REALTIME_TIMESTAMP": "1500000", "_BOOT_ID": "b"}) for one in entries]
    monkeypatch.setattr(journal.processes, "run", lambda *_, **__: SimpleNamespace(stdout="\n".join(texts)))
    assert list(journal.lines("sudo")) == [
        Line(1.5, "7", "b", "hi\ufffd"),
        Line(1.5, "9", "b", "of one that ended at once"),
    ]


def journal_since(at, *gaps):
    sequence = JournalSequence("a", 9, 99, utc(at), [Gap(20, 30, utc(at), utc(gap)) for gap in gaps])
    return Journal("a", [sequence], [])


def test_the_journal_tells_all_since_its_last_hole():
    assert journal.complete_since(journal_since(BEGAN)) == BEGAN
    assert journal.complete_since(journal_since(BEGAN, BEGAN + 5, BEGAN + 7)) == BEGAN + 7
    assert journal.complete_since(Journal("a", [], [])) == 0


# sudo's recordings


def told(number, at=BEGAN, process="7", account="deploy", *, ended=True):
    lines = [Line(at, process, "b", f"  {account} : PWD=/ ; USER=root ; TSID={number} ; COMMAND=/bin/id")]
    if ended:
        lines.append(Line(at + 2, process, "b", "pam_unix(sudo:session): session closed for user root"))
    return lines


@pytest.fixture
def records(tmp_path):
    return tmp_path / "sudo-io"


def record(records, number, *, account="deploy", stdout=b"uid=0\n", at=BEGAN):
    path = records / account / number[:2] / number[2:4] / number[4:]
    path.mkdir(parents=True)
    (path / "log").write_text(f"{at}:deploy:root::unknown:24:80\n")
    (path / "log.json").write_text("{}")
    timing = f"1 0.01 {len(stdout)}\n5 0.5 24 80\n"
    for name, content in {"timing": timing.encode(), "stdout": stdout, "stderr": b"", "ttyout": b""}.items():
        (path / name).write_bytes(gzip.compress(content))
    for file in path.iterdir():
        os.utime(file, (at + 1, at + 1))
    return path


@pytest.fixture
def compared(records, monkeypatch):
    """compared(lines): the faults of the recordings, as name -> fault."""

    def called(lines):
        monkeypatch.setattr(recordings, "lines", lambda *_: iter(lines))
        monkeypatch.setattr(recordings, "journal", lambda: journal_since(BEGAN - 10))
        clock = [BEGAN + 100.0]
        monkeypatch.setattr(recordings.time, "time", lambda: clock[0])
        monkeypatch.setattr(recordings.time, "sleep", lambda seconds: clock.append(clock.pop() + seconds))
        return {one.name: one.fault for one in recordings.read(records).faults}

    return called


def test_recordings_that_are_told_and_there_are_right(records, compared):
    record(records, "000001")
    record(records, "00000A", account="auditor")
    assert compared([*told("000001"), *told("00000A", account="auditor")]) == {}


def test_a_recording_that_is_gone_is_found(records, compared):
    record(records, "000001")
    assert compared([*told("000001"), *told("000002", process="8")]) == {"deploy/000002": "is gone"}


def test_a_recording_that_nobody_told_of_is_found(records, compared):
    record(records, "000001")
    record(records, "000009")
    assert compared(told("000001")) == {"deploy/000009": "is told by no line of the journal"}


def test_a_number_that_was_given_again_hides_no_session(records, compared):
    record(records, "000001", at=BEGAN + 50)
    again = [*told("000001"), *told("000001", at=BEGAN + 50, process="8")]
    assert compared(again) == {"deploy/000001": "was recorded over"}
    assert compared(told("000001")) == {"deploy/000001": "is of another session than the journal tells"}


def test_recordings_of_the_auditor_that_were_put_back_may_lie_over_later_ones(records, compared):
    record(records, "000001", account="auditor")
    again = [
        *told("000001", account="auditor"),
        *told("000001", at=BEGAN + 50, process="8", account="auditor"),
    ]
    assert compared(again) == {}
    record(records, "000001")
    again = [*told("000001"), *told("000001", at=BEGAN + 50, process="8"), *again]
    assert compared(again) == {"deploy/000001": "was recorded over"}


def test_a_recording_from_before_what_the_journal_keeps_is_right(records, compared):
    record(records, "000009", at=BEGAN - 20)
    assert compared([]) == {}


def test_what_has_just_begun_is_not_missed(records, compared):
    record(records, "000001")
    record(records, "000003", at=BEGAN + 99)
    record(records, "000004", account="auditor", at=BEGAN + 99)
    just = told("000005", at=BEGAN + 99, process="9", account="auditor")
    assert compared([*told("000001"), *just]) == {}


def test_a_persons_session_that_has_just_begun_is_waited_for(records, compared):
    record(records, "000001")
    just = told("000002", at=BEGAN + 99, process="8", ended=False)
    assert compared([*told("000001"), *just]) == {"deploy/000002": "is gone"}


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda path: (path / "stdout").write_bytes(b""), "can't be read: EOFError"),
        (lambda path: (path / "timing").write_bytes(b""), "can't be read: EOFError"),
        (lambda path: (path / "log.json").unlink(), "has no log.json"),
        (
            lambda path: (path / "stdout").write_bytes((path / "stdout").read_bytes()[:-4]),
            "can't be read: EOFError",
        ),
        (
            lambda path: (path / "stdout").write_bytes(gzip.compress(b"x")),
            "stdout is not as long as it was recorded",
        ),
        (lambda path: (path / "stdout").unlink(), "stdout is not as long as it was recorded"),
    ],
)
def test_a_recording_that_is_not_whole_is_found(records, compared, spoil, fault):
    path = record(records, "000001")
    spoil(path)
    for file in path.iterdir():
        os.utime(file, (BEGAN, BEGAN))
    assert compared(told("000001")) == {"deploy/000001": fault}
    assert compared(told("000001", ended=False)) == {}  # it goes on, or was cut off


def test_a_recording_that_was_written_to_later_is_found(records, compared):
    path = record(records, "000001")
    os.utime(path / "stdout", (BEGAN + 50, BEGAN + 50))
    assert compared(told("000001")) == {"deploy/000001": "was changed after its session ended"}


# Records of logins


def login_lines(account="deploy", terminal="pts/0", at=BEGAN):
    return [
        Line(at - 1.0, "5", "b", f"Accepted publickey for {account} from 192.0.2.1 port 5 ssh2: ED25519 x"),
        Line(
            float(at),
            "6",
            "b",
            f"Starting session: command on {terminal} for {account} from 192.0.2.1 port 5 id 0",
        ),
        Line(at + 1.0, "6", "b", f"Starting session: command for {account} from 192.0.2.1 port 5 id 1"),
    ]


def entry(account="deploy", terminal="pts/0", at=BEGAN):
    return logins.Login(account, terminal, "192.0.2.1", float(at))


def disagreements(lines, wtmp, last, now=BEGAN + 100.0, complete=BEGAN - 50.0):
    found = logins.compare(lines, {"wtmp": wtmp}, last, complete, now).faults
    return [f"{one.login}: {one.fault}" for one in found]


def test_records_that_agree_have_no_faults():
    assert disagreements(login_lines(), [entry(at=BEGAN + 1)], {"deploy": BEGAN}) == []


def test_a_login_that_was_erased_is_found():
    missing = "deploy at pts/0 from 192.0.2.1: is not in"
    assert disagreements(login_lines(), [], {"deploy": BEGAN}) == [f"{missing} wtmp"]
    assert disagreements(login_lines(), [entry()], {"deploy": BEGAN - 50.0}) == [f"{missing} lastlog"]
    assert disagreements(login_lines(), [entry()], {}) == [f"{missing} lastlog"]
    assert disagreements(login_lines(), [], {}, now=BEGAN + 1.0) == []  # its record is on its way


def test_of_two_logins_near_each_other_one_that_was_erased_is_found():
    lines = [*login_lines(), *login_lines(at=BEGAN + 2)]
    both = [entry(), entry(at=BEGAN + 2)]
    assert disagreements(lines, both, {"deploy": BEGAN + 2}) == []
    for left in both:
        assert disagreements(lines, [left], {"deploy": BEGAN + 2}) == [
            "deploy at pts/0 from 192.0.2.1: is not in wtmp"
        ]


def test_a_login_that_was_none_is_found():
    found = disagreements(login_lines(), [entry(), entry("auditor")], {"deploy": BEGAN})
    assert found == ["auditor at pts/0 from 192.0.2.1: is in wtmp and not in the journal"]


def test_a_login_from_before_what_the_journal_keeps_is_right():
    assert disagreements([], [entry()], {}, complete=BEGAN + 1.0) == []


def test_a_record_that_cant_be_read_is_found():
    assert disagreements([], None, None) == ["wtmp: can't be read", "lastlog: can't be read"]


def test_records_are_read_as_they_are_written(tmp_path, monkeypatch):
    wtmp = tmp_path / "wtmp"
    fields = (7, 86, b"pts/0", b"ts/0", b"deploy", b"192.0.2.1", 0, BEGAN)
    wtmp.write_bytes(logins.RECORD.pack(*fields) + logins.RECORD.pack(2, *fields[1:]))
    assert logins.RECORD.size == 384
    assert logins.wtmp(wtmp) == [entry()]
    wtmp.write_bytes(b"short")
    assert logins.wtmp(wtmp) is None

    database = tmp_path / "wtmp.db"
    assert logins.wtmp_database(database) == []
    database.touch()
    assert logins.wtmp_database(database) is None
    with sqlite3.connect(database) as opened:
        opened.execute("CREATE TABLE wtmp (Type, User, Login, TTY, RemoteHost)")
        opened.execute("INSERT INTO wtmp VALUES (3, 'deploy', ?, 'pts/0', '192.0.2.1')", [BEGAN * 1_000_000])
    assert logins.wtmp_database(database) == [entry()]

    users = [SimpleNamespace(pw_name="deploy", pw_uid=3), SimpleNamespace(pw_name="far", pw_uid=9)]
    monkeypatch.setattr(logins.pwd, "getpwall", lambda: users)
    last = tmp_path / "lastlog"
    last.write_bytes(bytes(3 * logins.LAST.size) + logins.LAST.pack(BEGAN, b"pts/0", b"192.0.2.1"))
    assert logins.lastlog(last) == {"deploy": float(BEGAN)}


# What a converge notes with the stack


def test_unlock_keys_are_told_by_thumbprint_and_other_files_by_name(tmp_path):
    key = '{"kty": "EC", "crv": "P-521", "x": "AQ", "y": "AQ", "d": "secret"}'
    (tmp_path / "one.jwk").write_text(key)
    (tmp_path / ".two.jwk").write_text(key.replace('"AQ"', '"Ag"'))
    (tmp_path / "note").write_text("hello")
    found = {item: value for _, item, value in kept.unlock_keys(tmp_path)}
    assert sorted(found.values()) == ["advertised", "no key", "withdrawn"]
    assert found[f"file {tmp_path}/note"] == "no key"
    assert "secret" not in str(found)


def test_keys_of_copies_are_told_with_their_host(tmp_path):
    keys = tmp_path / "store" / "keys"
    keys.mkdir(parents=True)
    (keys / "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824").write_text("hello")
    (keys / ".hidden").write_text("hello")
    found = {item: value for _, item, value in kept.keys_of_copies(tmp_path)}
    assert list(found.values()) == ["not what it is named after", "whole"]
    assert all(item.endswith("of the copies of store") for item in found)
    assert list(kept.keys_of_copies(tmp_path / "none")) == []


def test_slots_of_a_luks_volume_are_told_by_digest(tmp_path, monkeypatch):
    configuration = tmp_path / "volume.json"
    assert list(kept.slots(configuration)) == []
    configuration.write_text('{"method": "fscrypt", "backing": "/dev/x"}')
    assert list(kept.slots(configuration)) == []
    configuration.write_text('{"method": "luks", "backing": "/dev/x"}')
    header = '{"keyslots": {"0": {"type": "luks2"}, "1": {"type": "luks2"}}, "tokens": {}}'
    monkeypatch.setattr(kept.processes, "run", lambda *_, **__: SimpleNamespace(stdout=header))
    assert [item for item, _ in kept.slots(configuration)] == [
        "keyslot 0 of the volume",
        "keyslot 1 of the volume",
    ]


def test_each_baseline_of_files_is_told_with_who_made_it(tmp_path, monkeypatch):
    ledger, database = tmp_path / "ledger", tmp_path / "db"
    monkeypatch.setattr(kept.time, "time", lambda: BEGAN + 10.0)
    assert list(kept.baselines(ledger, database)) == []
    database.write_text("hello")
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert [one[:2] for one in kept.baselines(ledger, database)] == [(f"baseline {digest}", "in no ledger")]
    notes = [
        {"at": utc(BEGAN), "who": "administrator: because", "paths": [], "sha256": digest},
        {"at": utc(BEGAN + 99), "who": "converge", "paths": [], "sha256": "0" * 64},
    ]
    ledger.write_text("".join(json.dumps(note) + "\n" for note in notes))
    assert list(kept.baselines(ledger, database)) == [
        (f"baseline {digest} by administrator", "was made", float(BEGAN)),
        (f"baseline {'0' * 64} by converge", "was made", kept.LONG_AGO),  # of a time to come
    ]


def test_an_open_session_is_told_by_the_line_that_let_it_in(monkeypatch, tmp_path):
    account = pwd.getpwuid(os.getuid()).pw_name
    titles = {
        "7": f"sshd-session: {account} [priv]",
        "8": f"sshd-session: {account}@notty\0\0",
        "9": "sshd-session: nobody-here",
        "10": f"echo sshd-session: {account}",
    }
    for number, title in titles.items():
        (tmp_path / number).mkdir()
        (tmp_path / number / "cmdline").write_text(title)
        fields = ["S", "7", *["0"] * 17, "100"]
        (tmp_path / number / "stat").write_text(f"{number} (sshd-session) {' '.join(fields)} 0")
    (one,) = logins.open_sessions(tmp_path)
    assert (one.account, one.monitor) == (account, "7")


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        (Line(BEGAN - 1, "7", "b", "Accepted publickey for ana from 10.0.0.1 port 9 ssh2"), True),
        (Line(BEGAN - 60, "7", "b", "Accepted publickey for ana from 10.0.0.1 port 9 ssh2"), True),
        (Line(BEGAN + 60, "7", "b", "Accepted publickey for ana from 10.0.0.1 port 9 ssh2"), True),
        (Line(BEGAN - 1, "8", "b", "Accepted publickey for ana from 10.0.0.1 port 9 ssh2"), False),
        (Line(BEGAN - 1, "7", "b", "Accepted publickey for bob from 10.0.0.1 port 9 ssh2"), False),
        (Line(BEGAN - 1, "7", "b", "Connection from 10.0.0.1 port 9"), False),
        (Line(BEGAN - 9999, "7", "b", "Accepted publickey for ana from 10.0.0.1 port 9 ssh2"), False),
    ],
)
def test_an_open_session_that_no_line_tells_is_a_fault(line, is_told):
    faults = logins.untold([logins.Session("ana", "7", BEGAN)], [line], complete=BEGAN - 3600)
    assert [one.fault for one in faults] == ([] if is_told else ["is logged in, and not in the journal"])
    assert logins.untold([logins.Session("ana", "7", BEGAN)], [], complete=BEGAN) == []
