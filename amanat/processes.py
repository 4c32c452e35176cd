"""The one door through which programs are started: a built environment, nothing to read, a time limit that ends."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from subprocess import DEVNULL, PIPE, STDOUT, CompletedProcess, Popen
from typing import IO, Any

from amanat import environment
from amanat.errors import AmanatError

__all__ = ["DEVNULL", "PIPE", "STDOUT", "CompletedProcess", "Popen", "TimedOut", "TimeoutExpired"]

QUICK_SECONDS = 60.0  # for programs that only look something up
TimeoutExpired = subprocess.TimeoutExpired


class TimedOut(AmanatError):
    """A program did not end within its time, and was killed."""


def run(
    command: Sequence[str],
    *,
    seconds: float | None = QUICK_SECONDS,
    source: Mapping[str, str] = os.environ,
    settings: Mapping[str, str] | None = None,
    own: bool = False,
    **options: Any,  # noqa: ANN401 - those of subprocess.run
) -> CompletedProcess[str]:
    """Run a program to its end, its words as text. The rest as for `run_bytes`."""
    words = {"encoding": "utf-8", "errors": "replace"}
    return _run(command, seconds, variables(source, settings, own=own), {**words, **options})


def run_bytes(
    command: Sequence[str],
    *,
    seconds: float | None = QUICK_SECONDS,
    source: Mapping[str, str] = os.environ,
    settings: Mapping[str, str] | None = None,
    own: bool = False,
    **options: Any,  # noqa: ANN401 - those of subprocess.run
) -> CompletedProcess[bytes]:
    """Run a program to its end; its standard input is closed unless `input` is given.

    Its environment is what counts of `source`, and `settings`; `own` is for programs of the kit, which may need the
    logins of the state backend. `seconds` None is for what takes as long as it takes.
    Raises `TimedOut` after killing it, OSError when it can't be started.
    """
    return _run(command, seconds, variables(source, settings, own=own), options)


@contextmanager
def started(
    command: Sequence[str],
    *,
    source: Mapping[str, str] = os.environ,
    settings: Mapping[str, str] | None = None,
    own: bool = False,
    **options: Any,  # noqa: ANN401 - those of subprocess.Popen
) -> Iterator["Popen[Any]"]:
    """A running program, killed when the body raises: Popen's own exit would wait for it, however long that is."""
    with _started(command, variables(source, settings, own=own), options) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def start_detached(
    command: Sequence[str],
    *,
    stdout: int | IO[bytes] = DEVNULL,
    new_session: bool = False,
    cwd: str | None = None,
) -> "Popen[bytes]":
    """Start a program that may live longer than this process; it has our words neither to read nor to write."""
    options = {"stdout": stdout, "stderr": stdout, "start_new_session": new_session, "cwd": cwd}
    return _started(command, variables(), options)


def restart() -> None:
    """Become this program anew, in the environment that was adopted (execve(2)). Returns only if it can't."""
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], dict(os.environ))  # noqa: S606 - ourselves
    except OSError:
        return  # as it was started, then


def variables(
    source: Mapping[str, str] = os.environ,
    settings: Mapping[str, str] | None = None,
    *,
    own: bool = False,
) -> dict[str, str]:
    """The environment that a program started here gets: what counts of `source`, and `settings`."""
    return {**environment.built(source, logins=own), **(settings or {})}


def _run(
    command: Sequence[str],
    seconds: float | None,
    env: dict[str, str],
    options: dict[str, Any],
) -> CompletedProcess[Any]:
    if "input" not in options:
        options.setdefault("stdin", DEVNULL)
    try:
        return subprocess.run(list(command), env=env, timeout=seconds, check=False, **options)
    except TimeoutExpired as error:
        raise TimedOut(
            f"{command[0]} did not end within {seconds:g} s",
            " ".join(command[:3]),
            "See why it hangs, run again.",
        ) from error


def _started(command: Sequence[str], env: dict[str, str], options: dict[str, Any]) -> "Popen[Any]":
    options.setdefault("stdin", DEVNULL)
    return subprocess.Popen(list(command), env=env, **options)
