"""Ctrl-C on real processes: what was started ends first, then the word; a second one kills; no traceback."""

import os
import pty
import signal
import subprocess
import sys
import time

import pytest

from amanat.stopping import KILLING, STOPPED, WAITING, _mark, descendants

# What `amanat` does: it waits for a child in threads, as Pulumi's automation API does.
COMMAND = """
import subprocess, sys, threading
from amanat.cli import app as module
from amanat.paths import PROJECT_ROOT
from amanat.pulumi_events import explained
import typer

app = typer.Typer()

@app.command()
def work():
    child = subprocess.Popen([sys.executable, *sys.argv[1:]], stdout=subprocess.PIPE, text=True)
    reader = threading.Thread(target=lambda: [print(line, end="", flush=True) for line in child.stdout])
    reader.start()
    reader.join()
    if child.wait():
        raise module.AmanatError("the child failed")
    print("done", flush=True)

module.app = lambda: app(args=[])
module.require_own_checkout = lambda program: None
module.main()
"""
# Stands for Pulumi: it ends when the plugin has answered, and never kills it.
PULUMI = """
import signal, subprocess, sys
heard = []
signal.signal(signal.SIGINT, lambda *given: heard.append(1))
plugin = subprocess.Popen([sys.executable, *sys.argv[1:]], process_group=0)
status = plugin.wait()
print(f"pulumi ends, asked {len(heard)} times", flush=True)
sys.exit(status)
"""
# Stands for a provider: it has a process group of its own, and what it runs a session.
PLUGIN = """
import subprocess, sys
sys.exit(subprocess.Popen([sys.executable, *sys.argv[1:]], start_new_session=True).wait())
"""
# Stands for ansible-playbook: it takes a while to put things down.
WORKER = """
import signal, sys, time
def end(*given):
    print("worker ends", flush=True)
    time.sleep(0.3)
    print("worker has ended", flush=True)
    sys.exit(99)
signal.signal(signal.SIGINT, end)
print("at work", flush=True)
while True:
    time.sleep(60)
"""
STUBBORN = """
import signal, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
print("at work", flush=True)
while True:
    time.sleep(60)
"""


@pytest.fixture
def start(tmp_path):
    """start(worker): the command with Pulumi, a provider and a worker below it, in a process group of its own."""
    started = []

    def begin(worker, *chain, command=COMMAND, **options):
        names = {"command": command, "pulumi": PULUMI, "pulumi-plugin": PLUGIN, "worker": worker}
        for name, text in names.items():
            (tmp_path / name).write_text(text, "utf-8")
        words = [sys.executable, *(str(tmp_path / name) for name in ("command", *chain, "worker"))]
        process = subprocess.Popen(
            words,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "start_new_session": True} | options,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        for pid in descendants({process.pid: ""}):
            os.kill(pid, signal.SIGKILL)
        process.kill()
        process.communicate()


def until(process, said):
    """Lines of the process up to one; a failure if it never comes."""
    heard = []
    for line in process.stdout:
        heard.append(line.rstrip("\n"))
        if said in line:
            return heard
    return pytest.fail(f"never said {said!r}: {heard}")


def rest(process):
    out, _ = process.communicate(timeout=60)
    return out.splitlines()


def living(below):
    """Those that still run; one that is dead may wait for init to collect it."""
    return [pid for pid, mark in below.items() if _mark(pid) == mark]


CHAIN = ("pulumi", "pulumi-plugin")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("chain", [CHAIN, ()], ids=["through Pulumi", "directly"])
def test_what_runs_ends_before_the_word(start, number, chain):
    process = start(WORKER, *chain)
    until(process, "at work")
    below = descendants({process.pid: ""})
    assert len(below) == len(chain) + 1
    process.send_signal(number)
    said = rest(process)
    assert said[0] == WAITING
    assert said[-1] == STOPPED
    assert said.index("worker has ended") < said.index(STOPPED)
    assert living(below) == []
    assert "Traceback" not in "\n".join(said)
    assert process.returncode == 130


def test_a_second_signal_kills(start):
    process = start(STUBBORN, *CHAIN)
    until(process, "at work")
    below = descendants({process.pid: ""})
    process.send_signal(signal.SIGINT)
    assert until(process, WAITING) == [WAITING]
    assert living(below) == list(below)
    process.send_signal(signal.SIGINT)
    said = rest(process)
    assert (said[0], said[-1]) == (KILLING, STOPPED)
    assert living(below) == []
    assert "Traceback" not in "\n".join(said)
    assert process.returncode == 130


def test_ctrl_c_on_a_terminal_asks_pulumi_once(start):
    """The terminal asks all of the group, Pulumi among them; asked twice, Pulumi drops what its plugins do."""
    controller, terminal = pty.openpty()
    process = start(
        WORKER,
        *CHAIN,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=False,
        preexec_fn=lambda: (os.setsid(), os.dup2(os.open(os.ttyname(0), os.O_RDWR), 0)),
    )
    os.close(terminal)
    heard = ""
    while "at work" not in heard:
        heard += os.read(controller, 1024).decode()
    os.write(controller, b"\x03")
    said = ""
    while STOPPED not in said:
        said += os.read(controller, 1024).decode()
    assert process.wait(timeout=60) == 130
    os.close(controller)
    lines = [line.removeprefix("^C") for line in said.splitlines()]
    assert lines == [WAITING, "worker ends", "worker has ended", "pulumi ends, asked 1 times", STOPPED]


def test_what_does_not_end_is_killed_at_last(start):
    impatient = "from amanat import stopping\nstopping.ENDING_SECONDS = 0.2\n" + COMMAND
    process = start(STUBBORN, *CHAIN, command=impatient)
    until(process, "at work")
    process.send_signal(signal.SIGINT)
    assert rest(process)[-1] == STOPPED


def test_a_signal_that_was_ignored_stays_so(start):
    """As nohup has it for the hang-up of its terminal."""
    ends = "import sys\nprint('at work', flush=True)\nsys.stdin.read()\n"
    process = start(
        ends,
        stdin=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    until(process, "at work")
    process.send_signal(signal.SIGHUP)
    assert rest(process) == ["done"]
    assert process.returncode == 0


def test_descendants_are_all_generations_and_nobody_elses():
    chain = "sleep 60 & sh -c 'sleep 60; :' & echo up; wait"
    with subprocess.Popen(["sh", "-c", chain], stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout.readline() == b"up\n"
        deadline = time.monotonic() + 30
        while len(descendants({process.pid: ""})) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        found = descendants({process.pid: ""})
        assert len(found) == 3
        assert set(found) < set(descendants())
        os.killpg(process.pid, signal.SIGKILL)
