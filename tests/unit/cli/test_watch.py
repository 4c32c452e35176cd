"""`amanat status --watch`: what a terminal and a file show, how it ends, and what it refuses."""

import io
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from rich.console import Console

from amanat.cli import watch as module
from amanat.cli.watch import watch
from amanat.errors import AmanatError, BadInput
from amanat.paths import PROJECT_ROOT

COMMAND = """
import sys
from amanat.cli import app, operations, recover
from amanat.cli.operations import Result
from types import SimpleNamespace
app.run_setup = lambda *given, **options: SimpleNamespace(environment={})
app.require_own_checkout = lambda path: None
operations.adopt_mirrors = lambda paths: None
operations.status = lambda paths: Result({}, ("store running well", "[bold]"))
sys.argv = ["amanat", "status", "--watch", "--every", "1"]
app.main()
"""


@pytest.fixture
def stopping(monkeypatch):
    """Whether the command was asked to stop; no pause takes time."""
    state = SimpleNamespace(asked=False)
    monkeypatch.setattr(module, "STOPPING", state)
    monkeypatch.setattr(module, "NAP_SECONDS", 0)
    return state


@pytest.fixture
def shown(stopping):
    """shown(*looks, terminal=False): what is shown of these looks, of which errors are raised, until Ctrl-C."""

    def show(*looks, terminal=False, term="xterm"):
        waiting = list(looks)

        def look():
            found = waiting.pop(0)
            stopping.asked = not waiting
            if isinstance(found, Exception):
                raise found
            return found

        file = io.StringIO()
        console = Console(
            file=file, width=100, force_terminal=terminal, color_system=None, _environ={"TERM": term}
        )
        with pytest.raises(KeyboardInterrupt):
            watch(look, 0.01, console)
        return file.getvalue()

    return show


def test_without_a_terminal_each_change_is_a_view_and_an_equal_one_is_not(shown):
    out = shown(("a  runs",), ("a  runs",), ["a  is stopped", "b"], ("a  runs",), ("a  runs",))
    lines = [line for line in out.splitlines() if not line.startswith("--- ")]
    assert lines == ["a  runs", "a  is stopped", "b", "a  runs"]
    assert out.count("--- 20") == 3
    assert "\x1b" not in out


def test_what_a_host_says_is_no_markup(shown):
    assert "[red]x :smile:" in shown(("[red]x :smile:",), ())
    assert "[red]x :smile:" in shown(("[red]x :smile:",), (), terminal=True)


def test_a_terminal_shows_the_newest_view_in_its_place(shown):
    out = shown(("a  runs",), ("a  is stopped",), terminal=True)
    assert "a  runs" in out
    assert "a  is stopped" in out
    assert "\x1b[1A" in out, "the view before is not replaced"
    assert "every 0.01 s; Ctrl-C ends" in out
    assert out.rstrip().endswith("\x1b[?25h"), "the cursor is not shown again"


def test_a_terminal_that_can_replace_nothing_is_shown_each_change(shown):
    out = shown(("a  runs",), ("b",), terminal=True, term="dumb")
    assert out.count("--- 20") == 2
    assert "\x1b" not in out


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize(
    "error", [AmanatError("the engine is away", "unix:///x", "Start it."), OSError(5, "I/O error")]
)
def test_what_cannot_be_looked_at_is_shown_and_looked_at_again(shown, error, terminal):
    out = shown(("a  runs",), error, ("a  is back",), terminal=terminal)
    assert "error: the engine is away (unix:///x)" in out or "error: this machine refuses: I/O error" in out
    assert "a  is back" in out
    assert "Traceback" not in out


def test_a_failure_of_what_was_ended_by_ctrl_c_is_not_shown(shown):
    assert "error" not in shown(("a  runs",), AmanatError("Pulumi was ended"))


def test_a_stack_that_is_none_ends_it(stopping):
    def look():
        raise BadInput("there is no such stack", "local", "Make it.")

    with pytest.raises(BadInput):
        watch(look, 1, Console(file=io.StringIO()))


def test_it_ends_when_what_it_says_is_lost(stopping, monkeypatch):
    lost = io.StringIO()
    monkeypatch.setattr(module.sys, "stdout", lost)

    def look():
        lost.lost = OSError(28, "No space left on device")
        return ("a",)

    watch(look, 0, Console(file=io.StringIO()))


def started(**options):
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND], cwd=PROJECT_ROOT, stderr=subprocess.PIPE, **options
    )


def test_ctrl_c_ends_the_command_with_130_and_a_word():
    with started(stdout=subprocess.PIPE) as process:
        assert process.stdout.readline().startswith(b"--- ")
        assert process.stdout.readline() == b"store running well\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said.decode().splitlines() == ["stopped; the same command goes on from here."]


def test_on_a_terminal_ctrl_c_gives_the_cursor_back():
    own, other = os.openpty()
    with started(stdout=other, env={**os.environ, "TERM": "xterm"}) as process:
        os.close(other)
        out = b""
        end = time.monotonic() + 20
        while b"Ctrl-C ends" not in out and time.monotonic() < end:
            out += os.read(own, 4096)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        while True:
            try:
                out += os.read(own, 4096)
            except OSError:
                break
    os.close(own)
    assert process.returncode == 130
    assert b"\x1b[?25l" in out
    assert out.rindex(b"\x1b[?25h") > out.rindex(b"\x1b[?25l")


def test_a_reader_that_has_read_enough_ends_it_well():
    with started(stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        process.wait(timeout=20)
    assert process.returncode == 0
