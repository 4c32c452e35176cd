"""Which commit evidence names: that of this checkout's own repository, or none; never a guess."""

import os
import shutil
import subprocess

import pytest

from amanat.evidence import RunContext
from amanat.evidence.checkout import commit
from amanat.paths import StackPaths

UNKNOWN = ("unknown", None)


def git(where, *words):
    ran = subprocess.run(
        ["git", "-C", str(where), "-c", "user.name=n", "-c", "user.email=e@example.org", *words],
        env={"PATH": os.environ["PATH"], "HOME": str(where), "GIT_CONFIG_NOSYSTEM": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.strip()


def repository(path):
    path.mkdir(parents=True)
    git(path, "init", "-q")
    (path / "policy.py").write_text("measure()\n", "utf-8")
    (path / ".gitignore").write_text("*.pyc\n", "utf-8")
    git(path, "add", "-A")
    git(path, "commit", "-qm", path.name)  # the same content at the same second would be the same commit
    return path


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A clean repository; the person has another home."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return repository(tmp_path / "checkout")


def test_a_clean_checkout_is_its_commit(checkout):
    assert commit(checkout) == (git(checkout, "rev-parse", "HEAD"), False)


@pytest.mark.parametrize("change", ["edited", "new", "removed", "staged"])
def test_every_change_makes_it_dirty(checkout, change):
    policy = checkout / "policy.py"
    if change == "new":
        (checkout / "other.py").write_text("", "utf-8")
    elif change == "removed":
        policy.unlink()
    else:
        policy.write_text("pass\n", "utf-8")
    if change == "staged":
        git(checkout, "add", "-A")
    assert commit(checkout) == (git(checkout, "rev-parse", "HEAD"), True)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GIT_DIR", "{other}/.git"),
        ("GIT_WORK_TREE", "{other}"),
        ("GIT_INDEX_FILE", "{other}/.git/index"),
        ("GIT_COMMON_DIR", "{other}/.git"),
        ("GIT_OBJECT_DIRECTORY", "{other}/.git/objects"),
        ("GIT_NAMESPACE", "elsewhere"),
        ("GIT_CONFIG_PARAMETERS", "'status.showUntrackedFiles=no'"),
        ("GIT_CONFIG_GLOBAL", "{other}/config"),
        ("GIT_CEILING_DIRECTORIES", "/"),
        ("GIT_DISCOVERY_ACROSS_FILESYSTEM", "0"),
        ("GIT_TRACE", "1"),
        ("PATH", "{other}:."),
    ],
)
def test_variables_of_the_person_change_nothing(checkout, tmp_path, monkeypatch, variable, value):
    other = repository(tmp_path / "other")
    (other / "config").write_text("[status]\n\tshowUntrackedFiles = no\n[core]\n\texcludesFile = /x\n", "utf-8")
    (checkout / "new.py").write_text("", "utf-8")
    expected = (git(checkout, "rev-parse", "HEAD"), True)
    given = value.format(other=other)
    monkeypatch.setenv(variable, f"{given}:{os.environ['PATH']}" if variable == "PATH" else given)
    assert commit(checkout) == expected


@pytest.mark.parametrize(
    "setting",
    [
        "[status]\n\tshowUntrackedFiles = no",
        "[core]\n\texcludesFile = {home}/all",
        "[core]\n\tfsmonitor = {home}/monitor",
        "[core]\n\tworktree = {home}",
        "[core]\n\tbare = true",
        "[safe]\n\tdirectory =",
        "[alias]\n\tstatus = !true",
        "[diff]\n\tignoreSubmodules = all",
        "[include]\n\tpath = {home}/more",
        "[broken",
    ],
)
def test_files_of_the_person_change_nothing(checkout, tmp_path, setting):
    home = tmp_path / "home"
    (home / "all").write_text("*\n", "utf-8")
    (home / "more").write_text("[status]\n\tshowUntrackedFiles = no\n", "utf-8")
    (home / "monitor").write_text(f"#!/bin/sh\ntouch {home}/it-ran\n", "utf-8")
    (home / "monitor").chmod(0o755)
    (home / ".gitconfig").write_text(setting.format(home=home), "utf-8")
    (checkout / "new.py").write_text("", "utf-8")
    assert commit(checkout) == (git(checkout, "rev-parse", "HEAD"), True)
    assert not (home / "it-ran").exists()


def test_a_tarball_inside_another_repository_is_no_commit_of_that(tmp_path):
    outer = repository(tmp_path / "outer")
    inner = outer / "amanat"
    inner.mkdir()
    assert commit(inner) == UNKNOWN


def test_no_repository_no_commit_and_no_git_are_unknown(tmp_path, checkout, monkeypatch):
    (tmp_path / "bare").mkdir()
    assert commit(tmp_path / "bare") == UNKNOWN
    git(tmp_path / "bare", "init", "-q")
    assert commit(tmp_path / "bare") == UNKNOWN
    monkeypatch.setenv("PATH", "/nowhere")
    assert commit(checkout) == UNKNOWN


@pytest.mark.parametrize("mark", ["--assume-unchanged", "--skip-worktree"])
def test_a_file_that_git_was_told_not_to_look_at_leaves_it_open(checkout, mark):
    git(checkout, "update-index", mark, "policy.py")
    (checkout / "policy.py").write_text("pass\n", "utf-8")
    assert commit(checkout) == (git(checkout, "rev-parse", "HEAD"), None)


def test_a_status_that_fails_is_not_called_clean(checkout):
    (checkout / ".git/index").write_bytes(b"broken")
    assert commit(checkout) == (git(checkout, "rev-parse", "HEAD"), None)


def test_a_checkout_of_another_owner_is_read(checkout):
    """An auditor who is root looks at the operator's checkout (git-config(1), safe.directory)."""
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    for path in (checkout, *checkout.rglob("*")):
        shutil.chown(path, 65534, 65534)
    revision, dirty = commit(checkout)
    assert len(revision) == 40
    assert dirty is False


def test_evidence_says_unknown_and_null(tmp_path):
    place = tmp_path / "tarball"
    place.mkdir()
    context = RunContext.of(StackPaths("unit", place).stack, place, None)
    assert context.as_json()["commit"] == {"revision": "unknown", "dirty": None}
