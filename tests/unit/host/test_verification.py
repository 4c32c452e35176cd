"""Records of verifications: whose they are, what changed since, and what pgBackRest and restic pass."""

import hashlib
import json
import os
import subprocess
from types import SimpleNamespace

import pytest

from amanat_host import verification
from amanat_host.errors import HostError
from amanat_host.pgbackrest import verify
from amanat_host.restic import verify as copies
from amanat_host.verification import Record, Unit

UNIT = Unit("amanat-x-verify.service", "x")
SEGMENT = "{}-" + "0" * 40 + ".zst"
WHOLE = """stanza: archive
status: ok
  archiveId: 17-1, total WAL checked: 15, total valid WAL: 15
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
  backup: 20261126-174308F, status: valid, total files checked: 1424, total valid files: 1424
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
"""
DAMAGED = """stanza: archive
status: error
  archiveId: 17-1, total WAL checked: 13, total valid WAL: 12
    missing: 0, checksum invalid: 0, size invalid: 0, other: 1
  backup: 20261126-174308F, status: invalid, total files checked: 1424, total valid files: 679
    missing: 745, checksum invalid: 0, size invalid: 0, other: 0
"""


@pytest.fixture
def record(monkeypatch, tmp_path):
    """A record of two files below a directory, as its unit keeps it, and what the journal says of it."""
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    made = Record(
        began=(tmp_path / "b").stat().st_ctime + 1,
        whole=1.0,
        parts={"whole": 2},
        faults=[],
        files=verification.digests(tmp_path, ["a", "b"]),
    )
    monkeypatch.setattr(Unit, "record", property(lambda _unit: tmp_path / "verified.json"))
    return made


@pytest.fixture
def journal(monkeypatch):
    """journal(message, …): the lines of the unit, newest first."""
    monkeypatch.setattr(verification.pwd, "getpwnam", lambda _name: SimpleNamespace(pw_uid=7))
    asked = []

    def lines(*messages):
        said = "\n".join(json.dumps({"MESSAGE": message}) for message in messages).encode()

        def run(command, **_options):
            asked.append(command)
            return subprocess.CompletedProcess(command, 0, said, b"")

        monkeypatch.setattr(verification.processes, "run", run)
        return asked

    return lines


def nothing_may_go(_path):
    return False


def earlier(record):
    """The same record of a run that began before its files were last changed."""
    return Record(0.0, 0.0, record.parts, record.faults, record.files)


def test_a_record_is_read_as_it_was_written(record, capsys):
    verification.write(UNIT, record)
    assert verification.read(UNIT) == record
    assert UNIT.record.stat().st_mode & 0o777 == 0o600
    assert hashlib.sha256(UNIT.record.read_bytes()).hexdigest() in capsys.readouterr().out


def test_faults_are_said_each_on_a_line(record, capsys):
    verification.write(UNIT, Record(1.0, 1.0, {}, ["one", "two"], {}))
    assert capsys.readouterr().out.splitlines()[:2] == ["fault: one", "fault: two"]


@pytest.mark.parametrize("text", ["", "[]", '{"began": "x"}', "{}"])
def test_what_is_no_record_is_refused(record, text):
    UNIT.record.write_text(text)
    with pytest.raises(HostError, match="no record"):
        verification.read(UNIT)


def test_the_record_that_the_unit_named_last_is_its_own(record, journal, capsys):
    verification.write(UNIT, record)
    asked = journal(
        "unrelated", capsys.readouterr().out.strip(), "9 files, 0 faults; record sha256:" + "0" * 64
    )
    assert verification.is_of_unit(UNIT)
    assert {"_SYSTEMD_UNIT=amanat-x-verify.service", "_UID=7", "_TRANSPORT=stdout"} <= set(asked[0])


@pytest.mark.parametrize("newest", ["9 files, 0 faults; record sha256:" + "0" * 64, "nothing of the kind"])
def test_another_record_is_not_the_units_own(record, journal, newest):
    verification.write(UNIT, record)
    journal(newest)
    assert not verification.is_of_unit(UNIT)


def test_files_that_did_not_change_are_not_read(record, tmp_path, monkeypatch):
    monkeypatch.setattr(verification, "sha256_of", lambda path: pytest.fail(f"{path} is read"))
    assert verification.changed(tmp_path, record, nothing_may_go) == {}


def test_a_file_that_was_only_touched_is_as_it_was_verified(record, tmp_path):
    assert verification.changed(tmp_path, earlier(record), nothing_may_go) == {}


def test_another_content_is_found_whatever_its_time_of_modification(record, tmp_path):
    before = (tmp_path / "a").stat()
    (tmp_path / "a").write_text("A")
    os.utime(tmp_path / "a", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert verification.changed(tmp_path, earlier(record), nothing_may_go) == {
        "a": "is not what was verified"
    }


def test_what_is_gone_or_no_file_is_found(record, tmp_path):
    (tmp_path / "a").unlink()
    (tmp_path / "b").unlink()
    (tmp_path / "b").symlink_to("/dev/null")
    assert verification.changed(tmp_path, record, nothing_may_go) == {"a": "is gone", "b": "is no file"}
    assert verification.changed(tmp_path, record, lambda path: path == "a") == {"b": "is no file"}


def test_more_than_can_be_read_is_named(record, tmp_path):
    found = verification.changed(tmp_path, earlier(record), nothing_may_go, most_bytes=1)
    assert found == {"b": "was changed, and is more than can be read now"}


def test_what_is_written_meanwhile_is_for_the_next_record(record, tmp_path):
    os.utime(tmp_path / "a")
    moment = (tmp_path / "a").stat().st_ctime
    assert verification.written_before(tmp_path, ["a", "b", "none"], moment) == ["a", "b"]
    assert verification.written_before(tmp_path, ["a"], moment - 1) == []


def test_what_was_known_once_stays_known(record):
    damaged = {"a": "other", "c": "new"}
    kept = verification.carried_on(record, damaged, nothing_may_go)
    assert kept == {**record.files, "c": "new"}
    assert verification.carried_on(record, damaged, lambda _path: True).keys() == {"a", "c"}
    assert verification.carried_on(None, damaged, nothing_may_go) == damaged


def test_parts_that_were_there_before_and_are_not_named_are_told():
    record = Record(3600.0, 1800.0, {"old": 1}, ["bad"], {})
    told = verification.told(record, {"old": 1.0, "missed": 2.0, "new": 7000.0}, 7200.0, of_unit=True)
    assert (told.of_unit, told.age_hours, list(told.faults), list(told.left_out)) == (
        True,
        1.5,
        ["bad"],
        ["missed"],
    )


def test_without_a_record_all_is_left_out():
    told = verification.told(None, {"old": 1.0}, 7200.0, of_unit=True)
    assert (told.of_unit, told.age_hours, list(told.left_out)) == (False, None, ["old"])


def test_what_pgbackrest_verified_is_read():
    assert verify.parts_of(WHOLE) == ({"20261126-174308F": 1424}, [])


def test_what_pgbackrest_found_damaged_is_told():
    assert verify.parts_of(DAMAGED) == (
        {},
        ["WAL of 17-1 is damaged: other: 1", "backup 20261126-174308F is damaged: missing: 745"],
    )


def test_an_error_that_names_nothing_is_told():
    assert verify.parts_of(WHOLE.replace("status: ok", "status: error"))[1] == [
        "pgbackrest verify ends with status error"
    ]


def test_other_words_are_no_verification():
    with pytest.raises(HostError, match="something else"):
        verify.parts_of("stanza: archive\n")


def test_where_verify_stops_is_told(monkeypatch):
    def stops(*_given):
        raise HostError("pgbackrest verify failed: zst error")

    monkeypatch.setattr(verify, "pgbackrest", stops)
    assert verify.pgbackrests_own() == ({}, ["pgbackrest verify failed: zst error"])


def test_a_backup_that_verify_says_nothing_of_is_told():
    known = {"backup": [{"label": "1F"}, {"label": "2F"}, {"label": "3F"}]}
    assert verify.unread(known, {"1F": 7}, ["backup 2F is damaged: missing: 1"]) == [
        "backup 3F was not verified"
    ]


@pytest.mark.parametrize(
    ("before", "after", "next_one"),
    [
        ("000000010000000000000008", "000000010000000000000009", True),
        ("000000010000000000000008", "00000001000000000000000A", False),
        ("000000010000000000000FFF", "000000010000000100000000", True),
        ("0000000100000000000000FF", "000000010000000100000000", True),
        ("000000010000000000000FFE", "000000010000000100000000", False),
        ("000000010000000000000FFF", "000000010000000100000001", False),
        ("000000010000000000000FFF", "000000010000000200000000", False),
    ],
)
def test_the_next_segment_is_known(before, after, next_one):
    assert verify.follows(before, after) is next_one


def known(*ranges):
    """What pgBackRest says of backups with these first and last segments."""
    backups = [
        {"label": f"{number}F", "database": {"id": 1}, "archive": {"start": start, "stop": stop}}
        for number, (start, stop) in enumerate(ranges, 1)
    ]
    return {"backup": backups, "archive": [{"id": "17-1", "database": {"id": 1}}]}


@pytest.fixture
def segments(monkeypatch, tmp_path):
    """segments(name, …): a repository that holds these."""
    monkeypatch.setattr(verify, "ROOT", tmp_path)
    place = tmp_path / "archive/archive/17-1/0000000100000000"
    place.mkdir(parents=True)

    def made(*numbers):
        for number in numbers:
            (place / SEGMENT.format(f"00000001{'0' * 8}{number:08X}")).touch()

    return made


def name(number):
    return f"00000001{'0' * 8}{number:08X}"


def test_wal_without_a_gap_has_none(segments):
    segments(1, 2, 3, 4, 5)
    assert list(verify.gaps(known((name(2), name(3)), (name(5), name(5))))) == []


def test_a_gap_between_backups_is_told(segments):
    segments(2, 3, 5)
    assert list(verify.gaps(known((name(2), name(3)), (name(5), name(5))))) == [
        f"WAL 17-1 between {name(3)} and {name(5)} is gone"
    ]


def test_a_backups_first_and_last_segments_are_needed(segments):
    segments(3)
    assert list(verify.gaps(known((name(2), name(4))))) == [
        f"WAL 17-1 {name(2)} is gone",
        f"WAL 17-1 {name(4)} is gone",
    ]


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("backup/archive/20261127-000000F/bundle/1", False),
        ("backup/archive/20261126-174308F/bundle/1", True),
        (f"archive/archive/17-1/0000000100000000/{SEGMENT.format(name(1))}", True),
        (f"archive/archive/17-1/0000000100000000/{SEGMENT.format(name(2))}", False),
        (f"archive/archive/17-1/0000000100000000/{name(1)}.00000028.backup", True),
        ("archive/archive/17-1/00000001.history", False),
        (f"archive/archive/16-1/0000000100000000/{SEGMENT.format(name(9))}", True),
        ("backup/archive/backup.history/2026/20261126-174308F.manifest.gz", False),
    ],
)
def test_only_what_no_backup_needs_may_be_gone(path, gone):
    held = known((name(2), name(3)))
    held["backup"][0]["label"] = "20261127-000000F"
    assert verify.may_be_gone(held)(path) is gone


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({"x": b"1", "x.copy": b"1"}, ""),
        ({"x": b"1", "x.copy": b"2"}, "x and its copy are not the same"),
        ({"x": b"1"}, "x or its copy can't be read"),
    ],
)
def test_a_record_and_its_copy_say_the_same(monkeypatch, answers, wrong):
    def decrypted(path):
        if path not in answers:
            raise HostError("no such file")
        return answers[path]

    monkeypatch.setattr(verify, "decrypted", decrypted)
    assert verify.pair("x") == wrong


@pytest.mark.parametrize(
    ("age", "faults", "size", "only"),
    [(3600, [], 1, ""), (3600, [], 1 << 40, "1F"), (90000, [], 1 << 40, ""), (3600, ["bad"], 1 << 40, "")],
    ids=["small", "large", "not for a day", "at fault"],
)
def test_of_a_large_repository_all_is_read_once_a_day(monkeypatch, age, faults, size, only):
    monkeypatch.setattr(verify, "files", lambda _known: ["x"])
    monkeypatch.setattr(verify.records, "size_bytes", lambda *_given: size)
    assert verify.only_newest(Record(age, 0.0, {}, faults, {}), known((name(2), name(3))), age) == only
    assert verify.only_newest(None, known((name(2), name(3))), age) == ""


def test_a_file_that_is_not_what_its_name_says_is_damaged():
    good = hashlib.sha256(b"x").hexdigest()
    digests = {
        f"store/data/{good[:2]}/{good}": good,
        f"store/index/{good}": "0" * 64,
        "store/config": "1" * 64,
    }
    assert list(copies.misnamed(digests)) == [f"store/index/{good} is damaged"]


@pytest.mark.parametrize(
    ("shown", "pruned"),
    [
        ("ActiveState=inactive\nExecMainStartTimestamp=\n", False),
        ("ActiveState=inactive\nExecMainStartTimestamp=@50\n", False),
        ("ActiveState=inactive\nExecMainStartTimestamp=@150\n", True),
        ("ActiveState=activating\nExecMainStartTimestamp=@50\n", True),
    ],
)
def test_copies_may_be_gone_when_pruning_ran_since(monkeypatch, shown, pruned):
    done = subprocess.CompletedProcess([], 0, shown, "")
    monkeypatch.setattr(copies.processes, "run", lambda *_command, **_options: done)
    assert copies.may_be_gone(Record(100.0, 100.0, {}, [], {}))("store/data/x") is pruned
