"""A lock file: one holder at a time, who is named to those that wait or give up."""

import fcntl
import os
import subprocess
import sys

import pytest

from amanat.locks import file_lock

HOLDER = """
import pathlib, select, sys
from amanat.locks import file_lock
with file_lock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    select.select([sys.stdin], [], [], 20)
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the lock until its input ends."""
    path = tmp_path / "made" / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield path, process
        process.kill()


def test_who_waits_is_told_the_holder_and_goes_on_when_it_ends(other):
    path, process = other
    told = []

    def held(holder):
        told.append(holder)
        process.stdin.close()

    with file_lock(path, held):
        assert path.read_text("ascii") == str(os.getpid())
    assert told == [str(process.pid)]


def test_who_gives_up_leaves_the_holder_alone(other):
    path, process = other

    def held(holder):
        raise InterruptedError(holder)

    with pytest.raises(InterruptedError, match=str(process.pid)), file_lock(path, held):
        pass
    assert path.read_text("ascii") == str(process.pid)


def test_a_killed_holder_lets_go(other):
    path, process = other
    process.kill()
    process.wait()
    with file_lock(path, pytest.fail):
        assert path.read_text("ascii") == str(os.getpid())


def test_a_holder_may_have_a_name_of_its_own(tmp_path):
    path, told = tmp_path / "lock", []

    def refuse(holder):
        told.append(holder)
        raise InterruptedError

    with file_lock(path, name="store"), pytest.raises(InterruptedError), file_lock(path, refuse, "vault"):
        pass
    assert told == ["store"]


def test_an_empty_lock_names_nobody(tmp_path):
    told = []
    with (tmp_path / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        def held(holder):
            told.append(holder)
            fcntl.flock(file, fcntl.LOCK_UN)

        with file_lock(tmp_path / "lock", held):
            assert told == ["?"]
