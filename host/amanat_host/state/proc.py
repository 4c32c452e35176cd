"""Processes as /proc shows them: each with its unit and program, and the session of a person that it belongs to."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amanat_host.accounts import account_name, is_account
from amanat_host.system.state import text
from amanat_host.times import boot_time

PROC = Path("/proc")
SESSION_PROGRAMS = ("/usr/lib/openssh/sshd-session", "/usr/lib/openssh/sshd-auth")
SSH, SSHD = "ssh.service", "/usr/sbin/sshd"
NAMESPACES = ("mnt", "net", "pid", "ipc", "uts", "user", "cgroup")
# What a new process of a unit still is while systemd sets up its confinement.
STARTING = ("/usr/lib/systemd/systemd-executor", "/usr/lib/systemd/systemd")
STARTING_SECONDS = 5  # usually; a machine with more to do than it can takes longer, and is waited for
STARTED_SECONDS = 20.0
LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Process:
    """A process as /proc shows it; `started` is a Unix time, `program` "" where the kernel shows it to nobody."""

    number: int
    parent: int
    started: float
    program: str
    words: Sequence[str]
    unit: str
    status: Mapping[str, str]
    environment: Mapping[str, str]
    mapped: frozenset[str]
    namespaces: Mapping[str, str]
    root: str

    @property
    def account(self) -> str:
        """The effective user's name, or number."""
        return account_name(int(self.status["Uid"].split()[1]))

    @property
    def name(self) -> str:
        """What it calls itself."""
        return self.status.get("Name", "")

    @property
    def path(self) -> str:
        """Its program's path, also when that is gone; the name in brackets where nobody sees it."""
        return self.program.removesuffix(" (deleted)") or f"({self.name})"


def processes() -> dict[int, Process]:
    """Every process by number, without the kernel's own."""
    boot = boot_time()
    found = {}
    for name in sorted((name for name in os.listdir(PROC) if name.isdigit()), key=int):
        if process := process_of(int(name), boot):
            found[process.number] = process
    return found


def process_of(number: int, boot: float) -> Process | None:
    """A process; None for one that has ended, and for the kernel's threads, which have no memory."""
    place = PROC / str(number)
    status = dict(line.split(":\t", 1) for line in text(place / "status").splitlines() if ":\t" in line)
    fields = text(place / "stat").rpartition(")")[2].split()
    if "VmSize" not in status or not fields:
        return None
    with acting_as(int(status["Uid"].split()[1]), int(status["Gid"].split()[1])):
        program, root = link(place / "exe"), link(place / "root")
        namespaces = {kind: link(place / "ns" / kind) for kind in NAMESPACES}
        variables = text(place / "environ").split("\0")
        maps = text(place / "maps")
    return Process(
        number=number,
        parent=int(fields[1]),
        started=boot + int(fields[19]) / os.sysconf("SC_CLK_TCK"),
        program=program,
        words=text(place / "cmdline").rstrip("\0").split("\0"),
        unit=unit_of(text(place / "cgroup")),
        status=status,
        environment=dict(entry.split("=", 1) for entry in variables if "=" in entry),
        mapped=frozenset(re.findall(r"^\S+ \S+x\S* \S+ \S+ [1-9]\d*\s+(.+)$", maps, re.M)),
        namespaces=namespaces,
        root=root,
    )


@contextlib.contextmanager
def acting_as(user: int, group: int) -> Iterator[None]:
    """As an account, for a while: where root may not look into others' processes, they themselves may (ptrace(2)).

    Only as far as files go: root's capabilities stay, without which nobody looks into a process that has some.
    """
    if os.geteuid() or not user:
        yield
        return
    system = ctypes.CDLL(None)  # Python has no setfsuid(2)
    system.setfsgid(group)
    system.setfsuid(user)
    try:
        yield
    finally:
        system.setfsuid(0)
        system.setfsgid(0)


def link(path: Path) -> str:
    """Where a link leads; "" where nobody may see it."""
    try:
        return os.readlink(path)
    except OSError:
        return ""


def unit_of(cgroup: str) -> str:
    """The unit, or for a scope or service in a slice its name, of /proc/PID/cgroup; "" outside of all."""
    paths = [
        line.split(":", 2)[2] for line in cgroup.splitlines() if re.match(r"0::|\d+:name=systemd:", line)
    ]
    path = max(paths, key=len, default="/")
    return next(
        (
            part
            for part in reversed(path.split("/"))
            if re.search(r"\.(service|scope|mount|socket|swap)$", part)
        ),
        "",
    )


def session_of(process: Process, table: Mapping[int, Process]) -> str | None:
    """Whose session a process belongs to, by the sshd-session that it comes from; None for none."""
    seen: Process | None = process
    owner = None
    while seen is not None and seen.number != 1:
        if is_session(seen, table):
            title = re.match(r"sshd-session: ([\w.-]+)(?: \[priv\]|@|$)", " ".join(seen.words))
            owner = title[1] if title and not is_refused(title[1]) else "nobody yet"
        seen = table.get(seen.parent)
    return owner


def is_refused(name: str) -> bool:
    """Whether sshd's title names nobody: so it calls whoever asks for an account that may not log in."""
    return name == "unknown" and not is_account(name)


def is_session(process: Process, table: Mapping[int, Process]) -> bool:
    """Whether a process is sshd's for one connection.

    It hides its program, so its place says whether it is that: below the daemon, or older than a daemon started anew.
    """
    if process.unit != SSH or process.name not in ("sshd-session", "sshd-auth"):
        return False
    if process.program:
        return process.program in SESSION_PROGRAMS
    parent = table.get(process.parent)
    if parent is None or parent.number == 1:
        daemon = [one for one in table.values() if one.program == SSHD and one.unit == SSH]
        return bool(daemon) and process.started < min(one.started for one in daemon)
    return parent.program == SSHD or is_session(parent, table)


def loaded_at(process: Process, table: Mapping[int, Process]) -> float:
    """Since when it may have its code, as a Unix time: a child that started no program has that of its parent."""
    parent = table.get(process.parent)
    if parent is None or not parent.program or parent.program != process.program:
        return process.started
    if parent.started >= process.started:  # a number that was given anew meanwhile
        return process.started
    return loaded_at(parent, table)


def is_there(process: Process) -> bool:
    """Whether it is still there."""
    return os.path.exists(PROC / str(process.number) / "status")


def is_starting(process: Process) -> bool:
    """Whether systemd is about to run a unit's program in it: then it bears part of that name in brackets."""
    is_systemds = process.program in STARTING or (not process.program and process.name.startswith("("))
    return is_systemds and process.parent == 1


def once_started(process: Process) -> Process | None:
    """A process that was starting, as what it is then; as it is where it starts for too long.

    None for one that has ended, and for one so young that its start says nothing of it yet.
    """
    boot = boot_time()
    deadline = time.monotonic() + STARTED_SECONDS
    now: Process | None = process
    while now and is_starting(now):
        if time.time() - now.started < STARTING_SECONDS:
            return None
        if time.monotonic() > deadline:
            break
        time.sleep(LOOK_SECONDS)
        now = process_of(process.number, boot)
    return now


def own_namespaces(process: Process) -> Iterator[str]:
    """The kinds of namespace that a process doesn't share with the machine's first."""
    for kind, namespace in process.namespaces.items():
        if namespace and namespace != firsts_namespace(kind):
            yield kind


@functools.cache
def firsts_namespace(kind: str) -> str:
    """A namespace of the machine's first process."""
    return link(PROC / "1/ns" / kind)
