"""The baseline of a host's files: what a converge put right is no finding any more, what another hand did stays one."""

import json
import os
import time
from types import SimpleNamespace

import pytest

from amanat_host.digests import sha256_of
from amanat_host.system import integrity


@pytest.fixture
def host(tmp_path, monkeypatch, call):
    """The program on a host of a few files; a comparison is by content, as AIDE is told to make it."""
    seen = SimpleNamespace(compared=0, watched=tmp_path / "etc")
    watched = tmp_path / "etc"
    watched.mkdir()
    (watched / "sshd").write_text("strict\n")
    for name in ("HOME", "DATABASE", "FRESH", "STATUS", "LEDGER"):
        monkeypatch.setattr(integrity, name, tmp_path / getattr(integrity, name).name)
    monkeypatch.setattr(integrity, "ROOTS", (str(watched),))
    monkeypatch.setattr(integrity, "mark_of", lambda who: tmp_path / f"{who}.started")

    def content():
        return {str(path): path.read_text() for path in watched.iterdir()}

    def aide(*arguments):
        if arguments[0] == "--check":
            seen.compared += 1
        before = json.loads(integrity.DATABASE.read_text()) if integrity.DATABASE.exists() else {}
        after = content()
        if arguments[0] in ("--init", "--update"):
            kept = [path for path in {*before, *after} if any(f"{path}" in one for one in arguments[1:])]
            fresh = {path: text for path, text in after.items() if path not in kept}
            integrity.FRESH.write_text(json.dumps(fresh | {p: before[p] for p in kept if p in before}))
        return {
            "added": sorted(after.keys() - before.keys()),
            "removed": sorted(before.keys() - after.keys()),
            "changed": sorted(path for path in before.keys() & after.keys() if before[path] != after[path]),
        }

    monkeypatch.setattr(integrity, "aide", aide)
    monkeypatch.setattr(integrity.re, "escape", str)
    integrity.accept("converge")
    mask = os.umask(0)  # the program sets its own
    os.umask(mask)
    seen.run = lambda *words: call(integrity.main, *words)[0]
    yield seen
    os.umask(mask)


def status(host):
    return json.loads(integrity.STATUS.read_text())


def wait_for_the_clock(host):
    """Until a file that is written now is younger than all that were written before."""
    probe = host.watched.parent / "probe"
    probe.write_text("")
    before = probe.stat().st_ctime
    deadline = time.monotonic() + 30
    while probe.stat().st_ctime <= before:
        assert time.monotonic() < deadline, "the file system's clock stands still"
        probe.write_text("")


def begin(host):
    """A converge begins; what changed before it did so by another hand."""
    wait_for_the_clock(host)
    assert host.run("mark", "converge") == 0
    wait_for_the_clock(host)


@pytest.mark.parametrize("found_before", [True, False], ids=["found at night", "not found yet"])
@pytest.mark.parametrize("edit", ["changed", "removed", "added"])
def test_an_edit_that_a_converge_put_right_is_no_finding_any_more(host, edit, found_before):
    sshd, other = host.watched / "sshd", host.watched / "other"
    if edit == "changed":
        sshd.write_text("loose\n")
    elif edit == "removed":
        sshd.unlink()
    else:
        other.write_text("new\n")
    if found_before:
        assert host.run("check") == 1
        assert not status(host)["clean"]
    begin(host)
    sshd.write_text("strict\n")
    other.unlink(missing_ok=True)
    assert host.run("accept", "converge") == 0
    assert status(host)["clean"]
    assert status(host)[edit] == []


def test_an_edit_that_was_put_right_before_the_converge_is_no_finding_any_more(host):
    (host.watched / "sshd").write_text("loose\n")
    assert host.run("check") == 1
    (host.watched / "sshd").write_text("strict\n")
    begin(host)
    assert host.run("accept", "converge") == 0
    assert status(host)["clean"]


def test_an_edit_that_stays_is_a_finding_after_a_converge_too(host):
    (host.watched / "sshd").write_text("loose\n")
    begin(host)
    (host.watched / "other").write_text("the converge's\n")
    assert host.run("accept", "converge") == 0
    assert status(host)["changed"] == [str(host.watched / "sshd")]
    assert status(host)["added"] == []


def test_a_converge_that_changes_nothing_costs_no_comparison(host):
    before, compared = status(host), host.compared
    begin(host)
    host.run("accept", "converge")
    assert host.compared == compared
    assert status(host) == before


def test_every_baseline_has_a_line_in_the_ledger(host):
    wait_for_the_clock(host)
    assert host.run("mark", "converge") == 0
    (host.watched / "new").write_text("new\n")
    assert host.run("accept", "converge") == 0
    assert host.run("baseline", "because") == 0
    notes = [json.loads(line) for line in integrity.LEDGER.read_text().splitlines()]
    assert [note["who"] for note in notes] == ["converge", "converge", "administrator: because"]
    assert notes[-1]["sha256"] == sha256_of(integrity.DATABASE)
