"""Private places of the hosts' programs that are gone, with all that runs in them, however a program ends.

A keeper, a process in a session of its own, waits for the end of the program, whatever ends it, and clears what is
left. Where the keeper was killed too, or the machine stopped, the next run of the program does. One run at a time.
The keeper also notices when the caller is gone, which a connection without a terminal tells nobody by a signal.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import select
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from amanat_host.errors import HostError
from amanat_host.processes import end_orderly

# Where an account keeps what is of no use after the next boot; nobody else writes there.
PLACES = {"root": "/run", "postgres": "/run/postgresql", "pgbackrest": "/run/pgbackrest"}
WAIT_SECONDS = 300
STOP_SECONDS = 10
TRIES = 5
LOOK_SECONDS = 0.5


class Busy(HostError):
    """Another run of the same program goes on."""


def own_place() -> Path:
    """Where this account's locks and notes lie.

    Raises PermissionError for an account that has no such place, or one that others may write to.
    """
    name = pwd.getpwuid(os.geteuid()).pw_name
    if name not in PLACES:
        raise PermissionError(f"run it as {', '.join(PLACES)}, not as {name}")
    place = Path(PLACES[name])
    if place.stat().st_mode & stat.S_IWOTH:
        raise PermissionError(f"{place} may be written by everybody: what lies there proves nothing")
    return place


@contextlib.contextmanager
def alone(name: str, place: Path | None = None, seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Let one run at a time go on; another waits. `place` is where the lock lies, by default the account's.

    Raises:
        Busy: the other one is still going after ``seconds``.
    """
    path = (place or own_place()) / f"amanat-{name}.lock"
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + seconds
        while not _locked(held):
            if time.monotonic() > deadline:
                raise Busy(f"another run holds {path}: wait for its end, and try again")
            time.sleep(0.1)
        yield
    finally:
        os.close(held)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def scratch(
    name: str, parent: Path, *, prefix: str = "", locks: Path | None = None, seconds: float = WAIT_SECONDS
) -> Iterator[Path]:
    """A private directory below `parent`, for one run of `name` at a time; what a killed one left goes first.

    Raises:
        Busy: another run of the same name goes on for more than ``seconds``.
        OSError: it can't be made, or not be cleared.
    """
    end_orderly()
    prefix = prefix or f"amanat-{name}-"
    with alone(name, locks, seconds):
        sweep(parent, prefix)
        root, keeper, told = _kept(parent, prefix)
        try:
            yield root
        finally:
            discard(root)
            os.close(told)
            os.waitpid(keeper, 0)


def _kept(parent: Path, prefix: str) -> tuple[Path, int, int]:
    """Make a directory and its keeper; returns its path, the keeper's process id and the pipe that it listens on."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        root = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        mark = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(mark, fcntl.LOCK_EX)  # says that it is in use; the keeper has it too
        listening, told = os.pipe()
        program = os.getpid()
        callers = _callers(program)  # now: who goes while the keeper starts is missed as well
        keeper = os.fork()
        if keeper == 0:
            _keep(root, mark, listening, program, callers)
        os.close(listening)
        os.close(mark)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return root, keeper, told


def _keep(root: Path, mark: int, listening: int, program: int, callers: dict[int, int]) -> None:
    """Wait until the program has ended, one way or another, and clear what it left. Does not return."""
    try:
        os.setsid()
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            with contextlib.suppress(OSError, ValueError):
                signal.signal(number, signal.SIG_IGN)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in range(3):  # who reads the program's output isn't to wait for us
            os.dup2(nowhere, standard)
        kept = sorted({mark, listening})
        for low, high in zip([2, *kept], [*kept, os.sysconf("SC_OPEN_MAX")], strict=True):
            os.closerange(low + 1, high)
        os.chdir("/")
        while not select.select([listening], [], [], LOOK_SECONDS)[0]:
            if any(_parent(child) != parent for child, parent in callers.items()):
                os.kill(program, signal.SIGHUP)
                callers = {}
        discard(root)
    finally:
        os._exit(0)


def _callers(program: int) -> dict[int, int]:
    """Who called the program, who called those, and so on: the parent of each process, by its number.

    Without the last one, a server of logins: it may be started anew while its sessions go on.
    """
    found: dict[int, int] = {}
    child = program
    while (parent := _parent(child)) > 1:
        found[child] = parent
        child = parent
    if found:
        found.popitem()
    return found


def _parent(process: int) -> int:
    """The parent's number; 0 where the process is gone or can't be seen."""
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def sweep(parent: Path, prefix: str) -> None:
    """Clear the directories that killed runs left."""
    shared = parent.stat().st_mode & stat.S_ISVTX
    for path in parent.glob(f"{prefix}*"):
        try:
            mark = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            others = shared and os.fstat(mark).st_uid != os.geteuid()
            if not others and _locked(mark):
                discard(path)
        finally:
            os.close(mark)


def discard(root: Path) -> None:
    """Stop whatever runs in a directory and remove it. Raises OSError when that can't be done."""
    for attempt in range(TRIES):
        stop(users(root))
        shutil.rmtree(root, ignore_errors=attempt < TRIES - 1)
        if not root.exists() and not users(root):
            return


def users(root: Path) -> list[int]:
    """The processes whose command line names the directory or something in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if os.fsencode(root) in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
    return found


def stop(processes: list[int]) -> None:
    """End processes: SIGQUIT, at which PostgreSQL stops at once with all its own, and SIGKILL for what goes on."""
    waiting = {}
    for process in processes:
        with contextlib.suppress(OSError):
            waiting[os.pidfd_open(process)] = process
    try:
        for number in (signal.SIGQUIT, signal.SIGKILL):
            for descriptor in waiting:
                with contextlib.suppress(OSError):
                    signal.pidfd_send_signal(descriptor, number)
            _wait(set(waiting))
    finally:
        for descriptor in waiting:
            os.close(descriptor)


def _wait(descriptors: set[int]) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while descriptors and (left := deadline - time.monotonic()) > 0:
        descriptors -= set(select.select(list(descriptors), [], [], left)[0])
