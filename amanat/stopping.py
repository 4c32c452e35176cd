"""Ctrl-C: what a command has started ends first, then the command says that it stopped.

A terminal's Ctrl-C reaches one process group, and not what has a group or session of its own: providers, Ansible.
Left alone these would go on changing hosts after the prompt is back. So the first signal is passed on to them, and a
second one kills. The signal itself does not break into what waits for children: it sees them end, as at any other time.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from amanat import runs

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ENDING_SECONDS = 60  # then what was asked to end is killed
UNWINDING_SECONDS = (
    60  # in which the command itself ends (a scratch host is removed, say), once its children are gone
)
POLL_SECONDS = 0.05
WAITING = "stopping: waiting for what runs to end (Ctrl-C again kills it)"
KILLING = "stopping: killing what runs"
STOPPED = "stopped; the same command goes on from here."
_PULUMI = "pulumi"


_spared: set[int] = set()


def spare(pid: int) -> None:
    """Leave a process, and what it starts, alone: it is meant to outlive this one, as an engine is."""
    _spared.add(pid)


class Stopping:
    """Whether and how far this process was asked to stop."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._signals = 0
        self._kill = threading.Event()
        self._done = threading.Event()
        self._thread: threading.Thread | None = None
        self._over = False

    @property
    def asked(self) -> bool:
        """Whether a signal came."""
        return self._signals > 0

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Take the signals while the block runs; those that were ignored (nohup) stay so. Ends after all children."""
        before = {number: signal.getsignal(number) for number in SIGNALS}
        taken = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
        for number in taken:
            signal.signal(number, self._on_signal)
        try:
            yield
        finally:
            self._done.set()
            if self._thread:
                self._join(self._thread)
            for number in taken:
                signal.signal(number, before[number])

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._signals += 1  # first of all: the next signal may come in between
        if self._signals > 1 and not self._over:
            self._tell(KILLING)
            self._kill.set()
            return
        children = {} if self._over else descendants()
        if not children:
            self._over = True
            if not self._done.is_set():
                raise KeyboardInterrupt
            return
        self._tell(WAITING)
        self._thread = threading.Thread(
            target=self._end, args=(children, _from_terminal(number)), name="stopping", daemon=True
        )
        self._thread.start()

    def _join(self, thread: threading.Thread) -> None:
        while thread.is_alive():
            thread.join(POLL_SECONDS)

    def _end(self, children: dict[int, str], from_terminal: bool) -> None:
        interrupted = set(children)
        _interrupt(children, besides_group=os.getpgrp() if from_terminal else 0)
        deadline = time.monotonic() + ENDING_SECONDS
        while living := {pid: mark for pid, mark in children.items() if _mark(pid) == mark}:
            if self._kill.wait(POLL_SECONDS) or time.monotonic() > deadline:
                _kill(living)
                time.sleep(POLL_SECONDS)
            children |= descendants(living)
            _interrupt({pid: mark for pid, mark in children.items() if pid not in interrupted})
            interrupted |= set(children)
        runs.end_run(runs.RUN_ID, kill=self._kill.is_set())
        self._over = True
        # What the command waited for is gone, so it ends by itself; unless it waits for something else.
        if not self._done.wait(UNWINDING_SECONDS):
            _kill(descendants())
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def descendants(of: dict[int, str] | None = None) -> dict[int, str]:
    """The processes below this one (or below those in `of`), by id, each with the moment of its start.

    Without those that are to be spared, and what is below them.
    """
    parents = set(of) if of else {os.getpid()}
    children: dict[int, list[int]] = {}
    for pid in runs.processes():
        fields = _stat(pid)
        if fields:
            children.setdefault(int(fields[1]), []).append(pid)
    found: dict[int, str] = {}
    waiting = [pid for parent in parents for pid in children.get(parent, [])]
    while waiting:
        pid = waiting.pop()
        mark = _mark(pid)
        if mark and pid not in found and pid not in _spared:
            found[pid] = mark
            waiting += children.get(pid, [])
    return found


def _stat(pid: int) -> list[str]:
    """State, parent, group, session, … of a process (proc(5), stat); empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _mark(pid: int) -> str:
    """When a process started, in clock ticks; "" when it is gone or only waits to be collected."""
    fields = _stat(pid)
    return fields[19] if fields and fields[0] not in ("Z", "X") else ""


def _interrupt(children: dict[int, str], besides_group: int = 0) -> None:
    """Ask processes to end as Ctrl-C does, but for a group that has heard it already.

    Pulumi ends its own plugins, once what they are at is done: only Pulumi itself is asked, and what plugins started.
    """
    for pid in children:
        fields = _stat(pid)
        if fields and int(fields[2]) != besides_group and not _is_plugin(pid):
            _signal(pid, signal.SIGINT)


def _is_plugin(pid: int) -> bool:
    """Whether a process is one of Pulumi's own, other than its command."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return False
    own = [Path(word).name for word in words[:4]]
    return own[0] != _PULUMI and any(word.startswith(_PULUMI) for word in own)


def _kill(children: dict[int, str]) -> None:
    for pid, mark in children.items():
        if _mark(pid) == mark:
            _signal(pid, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _from_terminal(number: int) -> bool:
    """Whether the terminal sent the signal, and so sent it to every process of this group."""
    if number == signal.SIGTERM:
        return False
    try:
        with open("/dev/tty", "rb") as terminal:  # noqa: PTH123 - a device
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


def _say(text: str) -> None:
    """Write to the error stream itself: what the signal broke into may be writing to Python's."""
    with suppress(OSError):  # the terminal may be gone
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"{text}\n".encode())


STOPPING = Stopping(_say)
