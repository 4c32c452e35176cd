"""How the hosts' programs start others and end: orderly at a signal, and never leaving a child to itself."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
PR_SET_PDEATHSIG = 1  # prctl(2)
PATIENCE_SECONDS = 5

_longest_seconds: list[float] = []  # of a child, where nothing else is said; the last one counts
_LIBC = ctypes.CDLL(None, use_errno=True)


def end_orderly() -> None:
    """From now on have a signal that ends the program raise SystemExit (128 + its number), so that it clears up.

    One that is ignored stays so: nohup(1) asked for it, or the program is clearing up already.
    """
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    for one in ENDING:
        signal.signal(one, signal.SIG_IGN)  # the clearing up itself is not to be interrupted
    raise SystemExit(128 + number)


@contextlib.contextmanager
def running(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:  # noqa: ANN401 - Popen's own
    """A child that is stopped at the end, and that the kernel stops when this program is killed.

    `options` are those of `subprocess.Popen`. It reads nothing unless `stdin` says so.
    """
    end_orderly()
    parent = os.getpid()

    def tied() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # our handler would swallow it until the exec
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    options.setdefault("stdin", subprocess.DEVNULL)
    child = subprocess.Popen(command, process_group=0, preexec_fn=tied, **options)  # noqa: PLW1509 - no threads here
    try:
        yield child
    finally:
        _stop(child)


def _stop(child: subprocess.Popen[Any]) -> None:
    """End a child that still runs, with its own children."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(PATIENCE_SECONDS)
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream:
            with contextlib.suppress(OSError):
                stream.close()


def end_children_after(seconds: float) -> None:
    """From now on `run` ends a child after so many seconds, unless it is told another time."""
    _longest_seconds.append(seconds)


def run(
    command: Sequence[str],
    *,
    input: bytes | str | None = None,  # noqa: A002 - as subprocess.run has it
    capture_output: bool = False,
    timeout: float | None = None,
    check: bool = False,
    **options: Any,  # noqa: ANN401 - Popen's own
) -> subprocess.CompletedProcess[Any]:
    """`subprocess.run` with a child that doesn't outlive us.

    Raises what that raises: subprocess.TimeoutExpired, subprocess.CalledProcessError, OSError.
    """
    if input is not None:
        options["stdin"] = subprocess.PIPE
    if capture_output:
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with running(command, **options) as child:
        out, err = child.communicate(input, timeout or next(reversed(_longest_seconds), None))
    done = subprocess.CompletedProcess(command, child.returncode, out, err)
    if check:
        done.check_returncode()
    return done
