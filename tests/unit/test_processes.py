"""The door through which programs are started: what they get, and that a time limit is one whatever they do."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from amanat import processes
from amanat.processes import TimedOut

# Doesn't end when asked to, and leaves a child that holds its pipes.
DEAF = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
print(os.getpid(), flush=True)
open(sys.argv[1], "a").write(f"{os.getpid()}\\n")
time.sleep(600)
"""


@pytest.fixture
def deaf(tmp_path):
    """A program that never ends, and the ids of what it started; they are ended afterwards."""
    pids = tmp_path / "pids"
    yield [sys.executable, "-c", DEAF, str(pids)]
    for pid in pids.read_text("utf-8").split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            continue


def alive(pid):
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text("utf-8")
    except FileNotFoundError:
        return False


def test_a_program_gets_what_counts_and_what_it_is_given(monkeypatch):
    monkeypatch.setenv("PGOPTIONS", "-c x=1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AMANAT_GOPROXY", "direct")
    lines = processes.run(["env"], settings={"GNUPGHOME": "/g"}, capture_output=True).stdout.splitlines()
    assert {"AMANAT_GOPROXY=direct", "LC_ALL=C.UTF-8", "GNUPGHOME=/g"} <= set(lines)
    assert not [line for line in lines if line.startswith(("PG", "AWS_"))]
    own = processes.run(["env"], own=True, capture_output=True).stdout
    assert "AWS_SECRET_ACCESS_KEY=secret" in own


def test_a_program_has_nothing_to_read_and_no_terminal_to_ask():
    """What asks for a password gets an end of file, and doesn't wait for a person."""
    done = processes.run(["sh", "-c", "read -r line; echo $?; readlink /proc/self/fd/0"], capture_output=True)
    assert done.stdout == "1\n/dev/null\n"
    assert processes.run_bytes(["cat"], input=b"given", capture_output=True).stdout == b"given"


def test_a_time_limit_ends_a_program_that_will_not(deaf):
    with pytest.raises(TimedOut, match="did not end within 1 s") as refused:
        processes.run(deaf, seconds=1, capture_output=True)
    assert "Traceback" not in str(refused.value)


def test_what_was_started_is_killed_when_its_body_fails(deaf):
    def body():
        with processes.started(deaf, stdout=processes.PIPE) as process:
            begun.append(process)
            process.stdout.readline()
            process.wait(timeout=0.1)

    begun = []
    with pytest.raises(processes.TimeoutExpired):
        body()
    (process,) = begun
    assert process.returncode == -signal.SIGKILL
    assert not alive(process.pid)


def test_words_that_are_no_utf8_are_no_traceback():
    assert processes.run(["printf", r"\377ok"], capture_output=True).stdout == "\ufffdok"


def test_an_interpreter_under_foreign_variables_becomes_a_new_one(tmp_path):
    """PYTHONPATH shadows a library of ours; the process that saw it is replaced before it is used."""
    (tmp_path / "typer.py").write_text("raise SystemExit('shadowed')", "utf-8")
    env = {"PATH": os.environ["PATH"], "AMANAT_HOME": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-m", "amanat", "--help"], env=env, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr.count("\n")) == (0, 1)
    assert ran.stderr.startswith("ignored in your environment: PYTHONPATH")
