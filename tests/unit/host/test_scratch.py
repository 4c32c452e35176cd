"""What the hosts' programs leave behind: nothing, whatever ends them. Real processes, real signals."""

import fcntl
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import pytest

from amanat_host import processes, scratch

PATIENCE_SECONDS = 30
# Makes a copy of secrets, a daemon as pg_ctl makes one, and waits in a child for the file `go`.
PROGRAM = """
import sys, subprocess
from pathlib import Path
from amanat_host.processes import run
from amanat_host.scratch import scratch
place = Path({place!r})
with scratch("trial", place, locks=place, seconds={seconds}) as root:
    (root / "records").write_text("who wrote to whom")
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", f"--data={{root}}/data"],
                     start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    print(root, flush=True)
    run(["/bin/sh", "-c", f"until [ -e {{place}}/go ]; do sleep 0.05; done"])
print("done", flush=True)
"""


@pytest.fixture(autouse=True)
def _signals_have_their_effect():
    """Whoever started the tests (nohup, a job in the background) may have had some ignored; children inherit that."""
    ignored = [
        one
        for one in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
        if signal.getsignal(one) is signal.SIG_IGN
    ]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture
def program(tmp_path):
    """program() starts the trial program and waits until it has made its place."""
    started = []

    def start(*, waits=True, seconds=0):
        text = PROGRAM.format(place=str(tmp_path), seconds=seconds)
        process = subprocess.Popen(
            [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        if waits:
            assert process.stdout.readline().strip(), process.stderr.read()
        return process

    yield start
    (tmp_path / "go").touch()
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
    for one in processes_of(tmp_path):
        os.kill(one, signal.SIGKILL)


def processes_of(place):
    """Processes whose command line names the place; the test itself names it nowhere."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and os.fsencode(place) in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def left(place):
    """What lies or runs there, but for the lock and the sign to go on."""
    return [path for path in place.iterdir() if path.is_dir()], processes_of(place)


def settled(place):
    """What is left once nothing changes for the better any more."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(left(place)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left(place)


def described(place):
    """What the processes are that still run there, for a test that failed."""
    told = []
    for one in processes_of(place):
        with suppress(OSError):
            status = Path(f"/proc/{one}/status").read_text().splitlines()
            facts = [line for line in status if line.startswith(("State", "PPid", "Sig", "Shd"))]
            told.append((Path(f"/proc/{one}/cmdline").read_bytes()[-100:], facts))
    return told


def keeper_of(process):
    """The one child that runs in a session of its own from the program's own image."""
    mine = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return next(int(one) for one in children if Path(f"/proc/{one}/cmdline").read_bytes() == mine)


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGHUP,
        signal.SIGINT,
        signal.SIGQUIT,
        signal.SIGTERM,
        signal.SIGKILL,
        signal.SIGABRT,
        signal.SIGALRM,
        signal.SIGUSR1,
        signal.SIGSEGV,
        signal.SIGXCPU,
    ],
    ids=lambda number: number.name,
)
def test_no_signal_leaves_anything(program, tmp_path, number):
    process = program()
    assert all(left(tmp_path))
    process.send_signal(number)
    process.wait(PATIENCE_SECONDS)
    assert process.returncode in (-number, 128 + number)
    assert settled(tmp_path) == ([], []), described(tmp_path)


def test_a_closed_pipe_leaves_nothing(program, tmp_path):
    process = program()
    process.send_signal(signal.SIGPIPE)
    process.stdout.close()
    (tmp_path / "go").touch()
    process.wait(PATIENCE_SECONDS)
    assert settled(tmp_path) == ([], []), described(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL], ids=lambda number: number.name)
def test_a_signal_to_the_whole_group_leaves_nothing(program, tmp_path, number):
    """As a terminal sends it when it closes, and sudo two seconds later."""
    ready = tmp_path.with_name("group")
    text = PROGRAM.format(place=str(tmp_path), seconds=0)
    with ready.open("w+") as told:
        process = subprocess.Popen([sys.executable, "-c", text], stdout=told, start_new_session=True)
        while process.poll() is None and not ready.read_text():
            time.sleep(0.02)
    assert all(left(tmp_path))
    os.killpg(process.pid, number)
    process.wait(PATIENCE_SECONDS)
    assert settled(tmp_path) == ([], []), described(tmp_path)


@pytest.mark.parametrize("callers", [1, 2, 3])
def test_a_caller_that_is_gone_is_noticed(tmp_path, callers):
    """As when the connection of a login without a terminal is lost: no signal comes, the work goes on for nobody."""
    text = PROGRAM.format(place=str(tmp_path), seconds=0)
    command = [sys.executable, "-c", text]
    for _ in range(callers):
        command = ["/bin/sh", "-c", '"$@"; exit 1', "sh", *command]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as caller:
        assert caller.stdout.readline().strip()
        assert all(left(tmp_path))
        caller.kill()
    assert settled(tmp_path) == ([], []), described(tmp_path)


def test_what_nohup_started_goes_on_without_its_caller(tmp_path):
    text = PROGRAM.format(place=str(tmp_path), seconds=0)
    command = ["/bin/sh", "-c", '"$@"; exit 1', "sh", "/usr/bin/nohup", sys.executable, "-c", text]
    ready = tmp_path.with_name("nohup")
    with ready.open("w") as told, subprocess.Popen(command, stdout=told, stderr=told) as caller:
        while "trial" not in ready.read_text():
            time.sleep(0.02)
        caller.kill()
    time.sleep(1.5)  # longer than the keeper takes to notice
    assert all(left(tmp_path))
    (tmp_path / "go").touch()
    assert settled(tmp_path) == ([], []), described(tmp_path)
    assert ready.read_text().endswith("done\n")


def test_signal_after_signal_leaves_nothing(program, tmp_path):
    process = program()
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        with suppress(ProcessLookupError):
            process.send_signal(number)
    process.wait(PATIENCE_SECONDS)
    assert settled(tmp_path) == ([], []), described(tmp_path)


def test_the_end_in_good_order_leaves_nothing_at_once(program, tmp_path):
    (tmp_path / "go").touch()
    process = program()
    assert process.communicate(timeout=PATIENCE_SECONDS) == ("done\n", "")
    assert (process.returncode, left(tmp_path)) == (0, ([], []))


def test_the_next_run_clears_what_a_killed_one_and_its_keeper_left(program, tmp_path):
    killed = program()
    os.kill(keeper_of(killed), signal.SIGKILL)
    killed.kill()
    killed.wait()
    directories, daemons = left(tmp_path)
    assert directories, "there is nothing to clear"
    assert daemons
    (tmp_path / "go").touch()
    next_one = program()
    assert next_one.wait(PATIENCE_SECONDS) == 0
    assert settled(tmp_path) == ([], []), described(tmp_path)


def test_what_an_earlier_release_left_is_cleared(program, tmp_path):
    """Its directories had no lock."""
    (tmp_path / ".scratch-old" / "data").mkdir(parents=True)
    daemon = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)", f"-D{tmp_path}/.scratch-old"]
    )
    scratch.sweep(tmp_path, ".scratch-")
    assert daemon.wait(PATIENCE_SECONDS) == -signal.SIGQUIT
    assert settled(tmp_path) == ([], [])


def test_one_run_goes_on_at_a_time(program, tmp_path):
    first = program()
    second = program(waits=False)
    _, said = second.communicate(timeout=PATIENCE_SECONDS)
    assert second.returncode == 1
    assert "another run holds" in said
    assert all(left(tmp_path)), "the second one cleared the first one's"
    (tmp_path / "go").touch()
    assert first.wait(PATIENCE_SECONDS) == 0


def test_another_run_waits_its_turn(program, tmp_path):
    first, second = program(), program(waits=False, seconds=PATIENCE_SECONDS)
    (tmp_path / "go").touch()
    assert (first.wait(PATIENCE_SECONDS), second.wait(PATIENCE_SECONDS)) == (0, 0)
    assert settled(tmp_path) == ([], [])


def test_what_is_in_use_is_not_swept(tmp_path):
    (tmp_path / "amanat-x-1").mkdir()
    (tmp_path / "amanat-y-1").mkdir()
    (tmp_path / "amanat-x-file").touch()
    (tmp_path / "amanat-x-link").symlink_to(tmp_path / "amanat-y-1")
    used = os.open(tmp_path / "amanat-x-1", os.O_RDONLY)
    fcntl.flock(used, fcntl.LOCK_EX)
    scratch.sweep(tmp_path, "amanat-x-")
    assert (tmp_path / "amanat-x-1").exists()
    os.close(used)
    scratch.sweep(tmp_path, "amanat-x-")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "amanat-x-file",
        "amanat-x-link",
        "amanat-y-1",
    ]


def test_another_accounts_directory_in_a_shared_place_is_not_touched(tmp_path, monkeypatch):
    tmp_path.chmod(tmp_path.stat().st_mode | stat.S_ISVTX)
    (tmp_path / "amanat-x-1").mkdir()
    monkeypatch.setattr(scratch.os, "geteuid", lambda: os.getuid() + 1)
    scratch.sweep(tmp_path, "amanat-x-")
    assert (tmp_path / "amanat-x-1").exists()


def test_a_lock_does_not_follow_a_link(tmp_path):
    (tmp_path / "amanat-x.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"), scratch.alone("x", tmp_path):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_child_that_takes_too_long_is_stopped_with_its_children(tmp_path):
    run = processes.run
    child = textwrap.dedent(f"""
        trap '' TERM
        sleep 600 {tmp_path} 2>/dev/null || {sys.executable} -c 'import time; time.sleep(600)' {tmp_path}
    """)
    with pytest.raises(subprocess.TimeoutExpired):
        run(["/bin/sh", "-c", child], capture_output=True, timeout=0.5)
    assert settled(tmp_path) == ([], []), described(tmp_path)


def test_a_child_reads_nothing_that_the_caller_gives():
    reading, writing = os.pipe()
    os.write(writing, b"+989121234567\n")
    os.close(writing)
    kept = os.dup(0)
    os.dup2(reading, 0)
    try:
        said = processes.run(["/bin/cat"], capture_output=True).stdout
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(reading)
    assert said == b""


def test_a_child_is_given_what_the_program_gives_it():
    run = processes.run
    assert run(["/bin/cat"], input=b"given", capture_output=True).stdout == b"given"
    assert run(["/bin/cat"], input="given", capture_output=True, text=True).stdout == "given"
    assert run(["/bin/false"]).returncode == 1
    with pytest.raises(subprocess.CalledProcessError):
        run(["/bin/false"], check=True)
