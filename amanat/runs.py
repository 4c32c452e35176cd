"""One run at a time on a stack; what a killed one left behind is ended before the next begins."""

import json
import os
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar

from pulumi import automation

from amanat.errors import AmanatError
from amanat.exit_codes import ExitCode
from amanat.files import private_directory
from amanat.locks import file_lock
from amanat.paths import StackPaths, home

RUN_ID = uuid.uuid4().hex
ENDING_SECONDS = 20


class Busy(AmanatError):
    """Another run works on this stack."""

    exit_code: ClassVar[ExitCode] = ExitCode.BUSY


@contextmanager
def stack_lock(paths: StackPaths) -> Iterator[None]:
    """Hold the stack's lock; end processes of a run of this stack that was killed. Raises `Busy`."""
    private_directory(paths.directory)

    def refuse(holder: str) -> None:
        raise Busy(
            what=f"another run (process {holder}) is at work on stack {paths.stack}",
            where=str(paths.lock),
            fix="Wait for it to end, then run again.",
        )

    with file_lock(paths.lock, refuse):
        kill_orphans(paths.stack_id)
        yield


def kill_orphans(stack_id: str) -> list[int]:
    """End processes that an earlier, killed run of this stack left: Pulumi, its providers, Ansible. Their ids.

    They are known by the variables every run sets for its children (proc(5), environ).
    """
    pids = [pid for pid in processes() if _is_orphan(pid, stack_id)]
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in pids:
            _signal(pid, number)
        if _wait_gone(pids):
            break
    return pids


def processes() -> list[int]:
    """The ids of all processes of this machine."""
    proc = Path("/proc")
    return [int(entry.name) for entry in proc.iterdir() if entry.name.isdigit()] if proc.exists() else []


def end_run(run: str, *, kill: bool) -> None:
    """End what carries a run's mark in its environment, also what has left its tree of processes (SSH's masters)."""
    pids = [pid for pid in processes() if pid != os.getpid() and f"AMANAT_RUN={run}" in _environment(pid)]
    for number in (signal.SIGKILL,) if kill else (signal.SIGTERM, signal.SIGKILL):
        for pid in pids:
            _signal(pid, number)
        if _wait_gone(pids):
            return


def _environment(pid: int) -> set[str]:
    try:
        return set(os.fsdecode(Path(f"/proc/{pid}/environ").read_bytes()).split("\0"))
    except OSError:
        return set()


def _is_orphan(pid: int, stack_id: str) -> bool:
    variables = _environment(pid)
    # Another AMANAT_HOME's run on this checkout holds another lock, and is no orphan of ours.
    ours = {f"AMANAT_STACK_ID={stack_id}", f"AMANAT_HOME={home()}"} <= variables
    return ours and f"AMANAT_RUN={RUN_ID}" not in variables


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _wait_gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + ENDING_SECONDS
    while time.monotonic() < deadline:
        if not any(_alive(pid) for pid in pids):
            return True
        time.sleep(0.1)
    return False


def _alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def release_stale_lock(paths: StackPaths, stack: automation.Stack) -> None:
    """Release Pulumi's own lock when the process that took it, on this machine, is gone."""
    locks = paths.state / ".pulumi" / "locks"
    for path in locks.rglob("*.json") if locks.exists() else []:
        try:
            holder = int(json.loads(path.read_text())["pid"])
        except (OSError, ValueError, KeyError, TypeError):
            holder = 0
        if path.parent.name == paths.stack and not _alive(holder):
            stack.cancel()
            return


def drop_empty_sidecars(state: Path) -> None:
    """Remove the empty files that a killed Pulumi leaves beside those of its state.

    An empty one makes the file unreadable, and with it every list of stacks; without one it is read as it is
    (gocloud.dev/blob/fileblob). So one that is being written now may go as well.
    """
    for path in (state / ".pulumi").rglob("*.attrs"):
        with suppress(FileNotFoundError):
            if path.stat().st_size == 0:
                path.unlink()
