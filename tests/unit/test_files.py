"""Private files: closed from the first moment, replaced at once, and never half there."""

import os
from pathlib import Path

import pytest

from amanat.files import create, private_directory, write_once, write_private
from tests.unit.conftest import mode


@pytest.mark.usefixtures("open_umask")
def test_a_private_directory_and_the_parents_made_for_it_are_closed(tmp_path):
    made = private_directory(tmp_path / "a/b/c")
    assert made == tmp_path / "a/b/c"
    assert [mode(path) for path in (made, made.parent, made.parent.parent)] == [0o700] * 3


def test_a_directory_that_was_opened_is_closed_again_and_its_parent_left(tmp_path):
    directory = tmp_path / "a" / "b"
    directory.mkdir(parents=True)
    directory.parent.chmod(0o755)
    directory.chmod(0o755)
    private_directory(directory)
    assert (mode(directory), mode(directory.parent)) == (0o700, 0o755)


@pytest.mark.usefixtures("open_umask")
@pytest.mark.parametrize("wanted", [0o600, 0o700])
def test_a_private_file_is_replaced_at_once_and_never_readable_by_others(tmp_path, monkeypatch, wanted):
    target = tmp_path / "d" / "secret"
    write_private(target, "old", wanted)
    seen = []

    def watch(descriptor):
        seen.append((os.fstat(descriptor).st_mode & 0o777, target.read_text("utf-8")))

    monkeypatch.setattr(os, "fsync", watch)
    write_private(target, "نو\n", wanted)
    assert seen == [(0o600, "old")]
    assert (target.read_text("utf-8"), mode(target), mode(target.parent)) == ("نو\n", wanted, 0o700)
    assert list(target.parent.iterdir()) == [target]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "secret"
    write_private(target, "old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(target, "new")
    assert target.read_text("utf-8") == "old"


def test_a_draft_that_a_killed_run_left_is_not_written_through(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious", "utf-8")
    (tmp_path / f".secret.{os.getpid()}").symlink_to(elsewhere)
    write_private(tmp_path / "secret", "new")
    assert elsewhere.read_text("utf-8") == "precious"
    assert not Path(tmp_path / "secret").is_symlink()


@pytest.mark.parametrize("wanted", [0o440, 0o600])
def test_a_new_file_has_its_mode_and_replaces_none(tmp_path, wanted):
    create(tmp_path / "record", b"first", wanted)
    with pytest.raises(FileExistsError):
        create(tmp_path / "record", b"second", wanted)
    assert ((tmp_path / "record").read_bytes(), mode(tmp_path / "record")) == (b"first", wanted)


def test_a_file_that_is_written_once_keeps_its_first_text(tmp_path):
    path = tmp_path / "made" / "key"
    assert [write_once(path, "first"), write_once(path, "second")] == ["first", "first"]
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert list(path.parent.iterdir()) == [path]


def test_of_two_first_runs_one_wins(tmp_path, monkeypatch):
    path = tmp_path / "key"

    def other_is_first(draft, target):
        path.write_text("the other's", "utf-8")
        raise FileExistsError

    monkeypatch.setattr(os, "link", other_is_first)
    assert write_once(path, "ours") == "the other's"
    assert list(tmp_path.iterdir()) == [path]
