"""The kit's own metrics: what each collector reads from what its job leaves, and that none holds up another."""

import json
import os
import subprocess

import pytest

from amanat_host import commands
from amanat_host.logs.state import Hole, Numbering, State
from amanat_host.monitoring import collectors, write_metrics
from amanat_host.monitoring.collectors import MEANINGS, collect
from amanat_host.monitoring.text_format import Metric, text_of

AT = "2026-11-26T10:00:00+00:00"
AT_SECONDS = 1795687200


def put(root, path, text):
    """A file below root."""
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    return place


def told(collector, root):
    """(name, label's value or "") -> value."""
    return {
        (metric.name.removeprefix("amanat_"), metric.label[1] if metric.label else ""): metric.value
        for metric in collector(root)
    }


def test_the_end_of_each_certificate_is_told(tmp_path):
    path = put(tmp_path, "etc/amanat/pki/host.crt", "")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", str(tmp_path / "key"), "-out", str(path), "-subj", "/CN=a", "-days", "10"]
    subprocess.run(command, check=True, capture_output=True)
    (end,) = told(collectors.certificates, tmp_path).values()
    assert end == pytest.approx(path.stat().st_mtime + 10 * 86400, abs=60)


def test_the_end_of_each_declaration_is_told_where_the_site_is_served(tmp_path):
    assert told(collectors.terms, tmp_path) == {}
    put(tmp_path, collectors.TERMS, json.dumps([{"what": "the licence", "until": AT}]))
    assert told(collectors.terms, tmp_path) == {("term_end_seconds", "the licence"): AT_SECONDS}


def test_updates_are_told_with_since_when_the_oldest_waits(tmp_path):
    assert told(collectors.updates, tmp_path) == {}
    notes = {"noted_at": AT, "since": {"a": AT, "b": "2026-11-26T11:00:00+00:00"}}
    put(tmp_path, collectors.UPDATES, json.dumps(notes))
    found = told(collectors.updates, tmp_path)
    assert found == {
        ("updates_noted_seconds", ""): AT_SECONDS,
        ("updates_waiting", ""): 2,
        ("updates_oldest_seconds", ""): AT_SECONDS,
    }
    put(tmp_path, collectors.UPDATES, json.dumps({"noted_at": AT, "since": {}}))
    assert ("updates_oldest_seconds", "") not in told(collectors.updates, tmp_path)


def test_a_reboot_is_needed_where_a_package_says_so(tmp_path):
    assert told(collectors.reboot, tmp_path) == {("reboot_needed", ""): 0}
    put(tmp_path, collectors.REBOOT, "")
    assert told(collectors.reboot, tmp_path) == {("reboot_needed", ""): 1}


def test_differences_of_files_are_counted(tmp_path):
    status = {"checked_at": AT, "added": ["/a"], "removed": [], "changed": ["/b", "/c"]}
    put(tmp_path, collectors.INTEGRITY, json.dumps(status))
    assert told(collectors.integrity, tmp_path) == {
        ("integrity_checked_seconds", ""): AT_SECONDS,
        ("integrity_differences", ""): 3,
    }


def test_the_journal_is_told_with_its_size_and_its_oldest_entry(tmp_path, monkeypatch):
    path = put(tmp_path, f"{collectors.JOURNAL}/machine/system.journal", "x" * 8192)
    put(tmp_path, f"{collectors.JOURNAL}/machine/system@1-2.journal~", "x" * 8192)  # left by a crash
    os.sync()
    monkeypatch.setattr(commands, "run", lambda *_command: '{"__REALTIME_TIMESTAMP": "1795687200000000"}\n')
    assert told(collectors.journal, tmp_path) == {
        ("journal_bytes", ""): path.stat().st_blocks * 512 * 2,
        ("journal_oldest_seconds", ""): AT_SECONDS,
    }


def test_the_last_drill_counts(tmp_path):
    lines = [{"at": "2026-11-20T10:00:00+00:00", "passed": True}, {"at": AT, "passed": False}]
    put(tmp_path, collectors.DRILLS, "".join(json.dumps(line) + "\n" for line in lines))
    assert told(collectors.drills, tmp_path) == {("drill_passed", ""): 0, ("drill_seconds", ""): AT_SECONDS}


def test_a_backup_counts_when_its_manifest_is_written(tmp_path):
    old = put(tmp_path, f"{collectors.BACKUPS}/20261125-100000F/backup.manifest", "")
    new = put(tmp_path, f"{collectors.BACKUPS}/20261125-100000F_20261126-100000I/backup.manifest", "")
    put(tmp_path, f"{collectors.BACKUPS}/20261126-110000F/backup.manifest.copy", "")
    (tmp_path / collectors.WAL).mkdir(parents=True)
    os.utime(old, (1, 1))
    os.utime(new, (2, 2))
    assert told(collectors.backups, tmp_path) == {("backup_seconds", ""): 2}


def test_a_repository_that_has_no_backup_has_one_of_1970(tmp_path):
    assert told(collectors.backups, tmp_path) == {}
    (tmp_path / collectors.WAL).mkdir(parents=True)
    assert told(collectors.backups, tmp_path) == {("backup_seconds", ""): 0}


def test_copies_are_told_by_machine(tmp_path):
    os.utime(put(tmp_path, f"{collectors.COPIES}/store/snapshots/a", ""), (1, 1))
    os.utime(put(tmp_path, f"{collectors.COPIES}/store/snapshots/b", ""), (3, 3))
    os.utime(put(tmp_path, f"{collectors.COPIES}/vault/snapshots/c", ""), (2, 2))
    assert told(collectors.copies, tmp_path) == {("copy_seconds", "store"): 3, ("copy_seconds", "vault"): 2}
    (tmp_path / collectors.COPIES / "logs").mkdir()
    assert told(collectors.copies, tmp_path)[("copy_seconds", "logs")] == 0


def test_verifications_are_told_with_their_faults(tmp_path):
    record = {"whole": 5.0, "faults": ["a"]}
    put(tmp_path, f"{collectors.VERIFICATIONS['copies']}/verified.json", json.dumps(record))
    assert told(collectors.verifications, tmp_path) == {
        ("verified_seconds", "copies"): 5,
        ("verification_faults", "copies"): 1,
    }


def test_an_anchor_is_as_old_as_the_last_line(tmp_path):
    os.utime(put(tmp_path, collectors.ANCHORS, "{}\n"), (7, 7))
    assert told(collectors.anchors, tmp_path) == {("anchor_seconds", ""): 7}


def test_stored_journals_are_told_with_their_holes(tmp_path):
    numbering = Numbering("n", 1, 100, AT, holes=[Hole(3, 4, AT), Hole(8, 10, AT, lost_at=AT)])
    state = State(day="2026-11-26", numberings=[numbering], complete_at=AT)
    put(tmp_path, f"{collectors.LOGS}/store/state.json", state.as_json())
    assert told(collectors.logs, tmp_path) == {
        ("logs_complete_seconds", "store"): AT_SECONDS,
        ("logs_missing", "store"): 2,
        ("logs_lost", "store"): 3,
    }


def test_recordings_are_as_old_as_when_all_were_sent(tmp_path):
    assert told(collectors.recordings, tmp_path) == {}
    (tmp_path / collectors.RECORDINGS).mkdir(parents=True)
    assert told(collectors.recordings, tmp_path) == {("recordings_complete_seconds", ""): 0}
    os.utime(put(tmp_path, f"{collectors.RECORDINGS}/complete", ""), (7, 7))
    assert told(collectors.recordings, tmp_path) == {("recordings_complete_seconds", ""): 7}


def test_a_collector_that_fails_is_told_of_and_holds_up_no_other(tmp_path):
    put(tmp_path, collectors.UPDATES, "no JSON")
    os.utime(put(tmp_path, collectors.ANCHORS, "{}\n"), (7, 7))
    found = list(collect(tmp_path, (collectors.updates, collectors.anchors)))
    assert found == [
        Metric("amanat_collector_failed", 1, ("collector", "updates")),
        Metric("amanat_anchor_seconds", 7),
        Metric("amanat_collector_failed", 0, ("collector", "anchors")),
    ]


def test_metrics_are_written_by_name_with_their_meaning():
    text = text_of(
        [Metric("b", 1.5, ("x", 'a"b')), Metric("a", 2), Metric("b", 0, ("x", "a"))], {"a": "A.", "b": "B."}
    )
    assert text == (
        '# HELP a A.\n# TYPE a gauge\na 2\n# HELP b B.\n# TYPE b gauge\nb{x="a"} 0\nb{x="a\\"b"} 1.5\n'
    )


def test_the_file_is_replaced_and_its_group_may_read_it(tmp_path, call, monkeypatch):
    monkeypatch.setattr(write_metrics, "ROOT", tmp_path)
    monkeypatch.setattr(commands, "run", lambda *_command: "")
    file = tmp_path / "own.prom"
    assert call(write_metrics.main, "--journal-mib", "64", "--outage-days", "3", str(file)) == (0, "")
    assert "amanat_journal_limit_bytes 67108864\n" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["own.prom"]


def test_what_the_operator_chose_is_told_for_rules_to_compare_with():
    assert {metric.name: metric.value for metric in write_metrics.choices(2048, 3)} == {
        "amanat_journal_limit_bytes": 2 << 30,
        "amanat_journal_file_bytes": 128 << 20,
        "amanat_log_outage_seconds": 259200,
    }


def test_every_metric_has_a_meaning(tmp_path, monkeypatch):
    monkeypatch.setattr(commands, "run", lambda *_command: "")
    told = {metric.name for metric in (*collect(tmp_path), *write_metrics.choices(64, 1))}
    assert told <= set(MEANINGS)
