"""The programs of backups: which one is due, what a search in the repository counts, what pgBackRest's words mean."""

import json
import subprocess
import sys
from dataclasses import asdict
from types import SimpleNamespace

import pytest

from amanat_host import processes
from amanat_host.answers.backups import Verification, WalRange
from amanat_host.errors import HostError
from amanat_host.pgbackrest import backup, commands, probe_repository

HOUR, DAY = 3600, 86400
NOW = 1_800_000_000
HELP = """pgBackRest - 'server' command - 'tls-server-auth' option help

TLS server authorized clients.

current: store=archive,
drill=archive
default: none

deprecated name: other
"""


@pytest.fixture
def probe(tmp_path, monkeypatch):
    """The repository's probe, over a directory of the test's own."""
    monkeypatch.setattr(probe_repository, "ROOT", tmp_path)
    return probe_repository


def made(kind, seconds_ago, cluster=1, error=False):
    start = NOW - seconds_ago
    return {
        "type": kind,
        "label": f"{kind}-{seconds_ago}",
        "error": error,
        "database": {"id": cluster},
        "timestamp": {"start": start, "stop": start + 60},
        "info": {"repository": {"delta": 3 << 20}},
    }


def holding(*backups, clusters=(1,)):
    return {"db": [{"id": one} for one in clusters], "backup": list(backups)}


@pytest.mark.parametrize(
    ("backups", "kind"),
    [
        ([], "full"),
        ([made("full", 7 * DAY)], "full"),
        ([made("full", 7 * DAY - 2 * HOUR), made("incr", HOUR)], "full"),
        ([made("full", 7 * DAY - 4 * HOUR), made("diff", 6 * HOUR)], "incr"),
        ([made("full", DAY)], "diff"),
        ([made("full", 2 * DAY), made("incr", HOUR)], "diff"),
        ([made("full", 2 * DAY), made("diff", 6 * HOUR), made("incr", HOUR)], "incr"),
        ([made("full", 6 * HOUR)], "incr"),
        ([made("full", HOUR, error=True)], "full"),
    ],
)
def test_the_kind_that_is_due_follows_from_the_age_of_the_newest(backups, kind):
    assert backup.due(holding(*backups), NOW, full_days=7, interval_hours=6) == kind


def test_another_clusters_backups_are_nobodys_base():
    info = holding(made("full", HOUR, cluster=1), clusters=(1, 2))
    assert backup.due(info, NOW, full_days=7, interval_hours=6) == "full"


def test_a_daily_timer_makes_a_full_backup_in_time():
    """Whatever jitter a timer has, a bound of days is not overstepped by a whole interval."""
    info = holding(made("full", 7 * DAY - 300))
    assert backup.due(info, NOW, full_days=7, interval_hours=24) == "full"


def test_records_that_cannot_be_read_are_named_without_what_they_hold():
    message = "[FormatError] unable to load info file 'backup.info':\nFormatError: key/value \ufffd\ufffd"
    info = {"repo": [{"status": {"code": 99, "message": message}}]}
    with pytest.raises(HostError) as problem:
        backup.refuse_what_is_unreadable(info)
    assert str(problem.value).startswith(
        "[FormatError] unable to load info file 'backup.info': Its records are"
    )
    assert "\ufffd" not in str(problem.value)
    backup.refuse_what_is_unreadable({"repo": [{"status": {"code": 0, "message": "ok"}}]})


def test_a_full_disk_is_named_before_a_backup_is_tried(monkeypatch):
    monkeypatch.setattr(backup.shutil, "disk_usage", lambda path: SimpleNamespace(free=backup.ROOM_BYTES - 1))
    monkeypatch.setattr(processes, "run", lambda *_, **__: pytest.fail("it was tried"))
    with pytest.raises(HostError, match="no space left on the disk of /var/lib/amanat/repository: 15 MiB"):
        backup.make("full")


def test_what_cannot_be_decoded_is_no_traceback(monkeypatch):
    bytes_out = b'[{"repo": [{"status": {"code": 99, "message": "\x9e\x01"}}]}]'
    script = f"import sys; sys.stdout.buffer.write({bytes_out!r})"
    run = processes.run
    monkeypatch.setattr(
        processes, "run", lambda command, **options: run([sys.executable, "-c", script], **options)
    )
    assert commands.stanza()["repo"][0]["status"]["message"] == "\ufffd\x01"


def test_a_clock_that_was_put_back_is_named_before_a_backup_is_tried():
    backup.refuse_a_wrong_clock(holding(made("full", DAY), made("incr", -60)), NOW)
    with pytest.raises(HostError, match="backup incr--7200 is dated 120 minutes ahead: this host's clock"):
        backup.refuse_a_wrong_clock(holding(made("full", DAY), made("incr", -2 * HOUR)), NOW)


def test_a_person_reads_what_was_made():
    told = backup.told(holding(made("full", 2 * DAY), made("diff", 60)), NOW)
    assert told == "differential backup diff-60: 60 s, 3.0 MiB added; the newest full one is 2.0 days old"


def test_success_without_a_backup_is_a_problem():
    with pytest.raises(HostError, match="no whole backup"):
        backup.told(holding(made("full", 60, error=True)), NOW)


@pytest.mark.parametrize(
    ("help_text", "setting"), [(HELP, "store=archive, drill=archive"), ("nothing\n", "")]
)
def test_a_setting_is_what_pgbackrest_calls_current(help_text, setting, monkeypatch):
    monkeypatch.setattr(commands, "pgbackrest", lambda *_: help_text)
    assert commands.setting("server", "tls-server-auth") == setting


def test_a_failed_program_is_told_in_its_own_words(monkeypatch):
    ran = subprocess.CompletedProcess([], 37, stdout="", stderr="ERROR: no stanza\n")
    monkeypatch.setattr(processes, "run", lambda *_, **__: ran)
    with pytest.raises(HostError, match="info failed: ERROR: no stanza"):
        commands.pgbackrest("info")


@pytest.mark.parametrize("chunk", [1, 5, 16, 1 << 20])
def test_the_search_finds_a_text_that_chunks_share(probe, tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(probe, "CHUNK", chunk)
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle/1").write_bytes(b"\xc3" * 12 + b"amanat-marker" + b"y" * 40 + b"absent-tex")
    (tmp_path / "archive.info").write_bytes(b"Salted__" + b"z" * 30)
    (tmp_path / "latest").symlink_to("bundle")
    found = asdict(probe.searched([b"amanat-marker", b"absent-text"]))
    assert found["markers"] == {"amanat-marker": True, "absent-text": False}
    assert (found["files"], found["searched_bytes"]) == (2, 113)
    assert found["not_encrypted"] == ([] if chunk >= 8 else ["archive.info"])


@pytest.mark.parametrize("content", [b"\x28\xb5\x2f\xfd....", b"[backup:current]\n", b""])
def test_a_file_without_the_mark_of_encryption_is_named(probe, tmp_path, content):
    (tmp_path / "backup.info").write_bytes(content)
    assert probe.searched([b"some-marker"]).not_encrypted == ["backup.info"]


@pytest.mark.parametrize("name", ["bundle/1", "16391/16647.pgbi"])
@pytest.mark.parametrize(
    ("content", "named"),
    [(b"\x9a\x01" * 40, False), (b"\x28\xb5\x2f\xfd\x9a", True), (b"a table's rows in clear", True)],
)
def test_what_is_encrypted_piece_by_piece_must_not_begin_readably(probe, tmp_path, name, content, named):
    path = tmp_path / name
    path.parent.mkdir()
    path.write_bytes(content)
    assert probe.searched([b"some-marker"]).not_encrypted == ([name] if named else [])


@pytest.mark.parametrize(
    "words",
    [
        ["marker"],
        ["look", "+989121234567"],
        ["look", "--marker=+989121234567"],
        ["verify", "/etc"],
        ["info", "--no-config"],
        ["LOOK"],
        ["--help"],
        ["draw", ""],
        [],
    ],
)
def test_words_of_the_callers_are_refused(probe, call, words):
    assert call(probe.main, *words) == (2, "")


def test_what_the_caller_sends_is_not_looked_for(probe, call, monkeypatch, tmp_path):
    (tmp_path / "backup.info").write_bytes(b"Salted__ from +989121234567")
    status, out = call(probe.main, "draw")
    assert status == 0
    drawn = json.loads(out)["markers"]
    (tmp_path / "planted").write_bytes(b"Salted__" + drawn["origin"].encode())
    monkeypatch.setattr(sys, "stdin", pytest.fail)
    status, out = call(probe.main, "look")
    assert status == 0
    found = json.loads(out)["markers"]
    assert found == {drawn["origin"]: True, drawn["content"]: False}


def segments(root, *names):
    for name in names:
        path = root / "archive/archive/17-1" / name[:16] / f"{name}-{'a' * 40}.zst"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"Salted__" + bytes(100))


def test_the_log_is_counted_from_the_newest_backup_on(probe, tmp_path):
    segments(tmp_path, *(f"00000001000000000000000{number}" for number in (1, 2, 4, 5)))
    stanza = {
        "archive": [{"id": "17-1"}],
        "backup": [
            {"archive": {"start": "000000010000000000000001"}},
            {"archive": {"start": f"{1:08}{3:016}"}},
        ],
    }
    assert probe.wal(stanza) == {"00000001": WalRange(f"{1:08}{3:016}", f"{1:08}{5:016}", 2)}


def test_without_backups_the_whole_log_is_counted(probe, tmp_path):
    segments(tmp_path, f"{1:08}{1:016}", f"{2:08}{2:016}")
    found = probe.wal({"archive": [{"id": "17-1"}], "backup": []})
    assert {line: held.count for line, held in found.items()} == {"00000001": 1, "00000002": 1}


def test_one_bit_of_the_copy_is_turned_and_none_of_the_original(probe, tmp_path, monkeypatch):
    segments(tmp_path, f"{1:08}{1:016}", f"{1:08}{2:016}")
    before = {path: path.read_bytes() for path in probe.files()}
    seen = []

    def verified(*given):
        scratch = next(one.removeprefix("--repo1-path=") for one in given if one.startswith("--repo1-path="))
        seen.append([path.read_bytes() for path in probe.Path(scratch).rglob("*.zst")])
        return "status: ok\n archiveId: 17-1, total WAL checked: 1, total valid WAL: 1\n"

    monkeypatch.setattr(probe, "pgbackrest", verified)
    assert probe.verify().untouched == Verification("ok", checked=1, valid=1)
    assert {path: path.read_bytes() for path in probe.files()} == before
    [[untouched], [flipped]] = seen
    assert sum((one ^ other).bit_count() for one, other in zip(untouched, flipped, strict=True)) == 1


def test_a_verification_that_stops_at_the_turned_bit_has_noticed_it(probe, tmp_path, monkeypatch):
    segments(tmp_path, f"{1:08}{1:016}")
    said = iter(["status: ok\n archiveId: 17-1, total WAL checked: 1, total valid WAL: 1\n"])

    def verified(*given):
        for told in said:
            return told
        raise HostError("zst error")

    monkeypatch.setattr(probe, "pgbackrest", verified)
    found = probe.verify()
    assert found.flipped == Verification("error", checked=0, valid=0)


def test_other_words_of_the_verification_are_a_problem(probe, monkeypatch, tmp_path):
    monkeypatch.setattr(probe, "pgbackrest", lambda *_: json.dumps({}))
    with pytest.raises(HostError, match="something else"):
        probe.judged(tmp_path)


def test_the_search_of_the_repository_finds_what_it_laid_in_its_own_way(probe, tmp_path):
    (tmp_path / "backup.info").write_bytes(b"Salted__" + bytes(64))
    found = asdict(probe.searched([b"some-marker"]))
    assert found["planted"] == {"found": True, "told_from_encrypted": True}
    assert (found["files"], found["not_encrypted"]) == (1, [])
    assert found["markers"] == {"some-marker": False}
    assert [path.name for path in tmp_path.iterdir()] == ["backup.info"]


def test_a_search_that_passes_files_over_is_told(probe, monkeypatch, tmp_path):
    (tmp_path / "backup.info").write_bytes(b"Salted__" + bytes(64))
    walked = probe.files
    monkeypatch.setattr(
        probe, "files", lambda: (path for path in walked() if not path.parent.name.startswith("."))
    )
    assert asdict(probe.searched([b"m"]).planted) == {"found": False, "told_from_encrypted": False}


def test_an_eye_that_takes_everything_for_encrypted_is_told(probe, monkeypatch):
    monkeypatch.setattr(probe, "clear", lambda path, first: False)
    assert asdict(probe.searched([b"m"]).planted) == {"found": True, "told_from_encrypted": False}


@pytest.mark.parametrize(
    "said",
    [
        "ERROR: [029]: key/value found outside of section at line 3: repo1-cipher-pass=Xq7secret",
        "ERROR: [029]: missing '=' in key/value at line 3: 'Xq7secret'",
        "P00 DEBUG: repo1-cipher-pass=Xq7secret",
        "unable to use option repo1-s3-key-secret: Xq7secret",
    ],
)
def test_what_pgbackrest_quotes_of_its_configuration_is_not_told(monkeypatch, said):
    ran = SimpleNamespace(returncode=29, stdout="", stderr=said)
    monkeypatch.setattr(commands.processes, "run", lambda *_c, **_o: ran)
    with pytest.raises(HostError) as problem:
        commands.pgbackrest("info")
    assert "Xq7secret" not in str(problem.value)
    assert "info failed: " in str(problem.value)


def test_pgbackrests_own_words_stay_readable():
    assert commands.plain("ERROR: [056]: unable to find primary cluster\n") == (
        "ERROR: [056]: unable to find primary cluster"
    )
