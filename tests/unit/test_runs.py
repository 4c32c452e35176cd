"""One run at a time on a stack; what a killed run left is ended, and nothing else."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from amanat import runs
from amanat.exit_codes import ExitCode
from amanat.paths import home as places_home
from amanat.runs import RUN_ID, Busy, drop_empty_sidecars, kill_orphans, release_stale_lock, stack_lock
from tests.unit.conftest import mode

HOLD = """
import sys
from amanat.paths import StackPaths
from amanat.runs import stack_lock
from pathlib import Path
with stack_lock(StackPaths("unit", Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""
FREE = 4194305  # above the largest process id that Linux gives (PID_MAX_LIMIT, 2^22)


@pytest.fixture
def child():
    """child(stack_id, run, script): a process with the two variables of a run; ended with the test."""
    started = []

    def start(stack_id, run, script="echo up; exec cat", home=""):
        environment = {
            **os.environ,
            "AMANAT_HOME": home or str(places_home()),
            "AMANAT_STACK_ID": stack_id,
            "AMANAT_RUN": run,
        }
        process = subprocess.Popen(
            ["sh", "-c", script], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        started.append(process)
        process.stdout.readline()
        comm = Path(f"/proc/{process.pid}/comm")
        while comm.read_text().strip() != "cat":  # an exec shows nobody its environment for a moment
            time.sleep(0.01)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_second_run_is_told_who_is_at_work(paths):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(paths.project)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Busy) as refused, stack_lock(paths):
            pytest.fail("two runs at once")
        assert f"another run (process {holder.pid}) is at work on stack unit" in str(refused.value)
        assert str(paths.lock) in str(refused.value)
        assert refused.value.exit_code == ExitCode.BUSY == 75
    finally:
        holder.communicate()
    with stack_lock(paths):
        assert paths.lock.read_text("utf-8") == str(os.getpid())


def test_a_killed_run_holds_nothing(paths):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(paths.project)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    holder.stdout.readline()
    holder.kill()
    holder.communicate()
    with stack_lock(paths):
        assert mode(paths.directory) == 0o700


def test_a_failure_inside_lets_go(paths):
    with pytest.raises(KeyError), stack_lock(paths):
        raise KeyError
    with stack_lock(paths):
        pass


def test_a_dead_runs_child_is_ended_before_the_next_run(paths, child):
    left = child(paths.stack_id, "dead")
    with stack_lock(paths):
        assert left.wait(timeout=30) == -signal.SIGTERM


def test_a_child_that_ignores_the_request_is_killed(paths, child, monkeypatch):
    monkeypatch.setattr(runs, "ENDING_SECONDS", 0.2)
    left = child(paths.stack_id, "dead", 'trap "" TERM; echo up; exec cat')
    assert kill_orphans(paths.stack_id) == [left.pid]
    assert left.wait(timeout=30) == -signal.SIGKILL


def test_children_of_this_run_and_of_other_stacks_live_on(paths, child):
    others = [
        child(paths.stack_id, RUN_ID),
        child(f"{paths.stack_id}0", "dead"),
        child("", "dead"),
        child("x", f"AMANAT_STACK_ID={paths.stack_id}"),
        child(paths.stack_id, "live", home="/another/home"),
    ]
    assert kill_orphans(paths.stack_id) == []
    assert [one.poll() for one in others] == [None] * 5


class Stack:
    def __init__(self):
        self.cancelled = 0

    def cancel(self):
        self.cancelled += 1


def lock_of(paths, stack, content):
    path = paths.state / ".pulumi/locks/organization/amanat" / stack / "1.json"
    path.parent.mkdir(parents=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


@pytest.mark.parametrize(
    ("stack", "content", "released"),
    [
        ("unit", {"pid": FREE}, 1),
        ("unit", {"pid": os.getpid()}, 0),
        ("other", {"pid": FREE}, 0),
        ("unit", "half a fi", 1),
        ("unit", {}, 1),
        ("unit", [], 1),
        ("unit", {"pid": None}, 1),
    ],
)
def test_pulumis_lock_is_released_when_its_holder_is_gone(paths, stack, content, released):
    lock_of(paths, stack, content)
    pulumis = Stack()
    release_stale_lock(paths, pulumis)
    assert pulumis.cancelled == released


def test_only_the_stacks_own_lock_counts_wherever_the_state_lies(paths, tmp_path, monkeypatch):
    monkeypatch.setenv("AMANAT_HOME", str(tmp_path / "unit" / "home"))
    lock_of(paths, "other", {"pid": FREE})
    pulumis = Stack()
    release_stale_lock(paths, pulumis)
    assert pulumis.cancelled == 0


def test_without_locks_nothing_is_released(paths):
    pulumis = Stack()
    release_stale_lock(paths, pulumis)
    assert pulumis.cancelled == 0


def test_an_empty_file_beside_the_state_goes_and_nothing_else(paths):
    stacks = paths.state / ".pulumi/stacks/amanat"
    stacks.mkdir(parents=True)
    empty, whole, state = (stacks / name for name in ("a.json.attrs", "b.json.attrs", "a.json"))
    for path in (empty, state):
        path.touch()
    whole.write_text("{}", "utf-8")
    drop_empty_sidecars(paths.state)
    assert sorted(stacks.iterdir()) == [state, whole]
