"""Walks a host's local file systems, and tells what a place is for: the system, data, or until the next boot."""

from __future__ import annotations

import fcntl
import os
import re
import stat
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from amanat_host.state.syntax import mount_line

# What the kernel makes up; nobody lays a file there.
KERNEL_FILE_SYSTEMS = frozenset(
    (
        *("autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "efivarfs"),
        *("fusectl", "hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "rpc_pipefs", "securityfs", "sysfs"),
        "tracefs",
    )
)


class Place(Enum):
    """What a path is to a host."""

    SYSTEM = "system"  # programs and configuration: each file is known
    DATA = "data"  # what services keep: known by shape
    VOLATILE = "volatile"  # until the next boot, or until it is cleared away: known by shape


# The longest prefix holds. What is named nowhere is of the system.
PLACES: dict[str, Place] = {
    "/dev": Place.VOLATILE,
    "/run": Place.VOLATILE,
    "/tmp": Place.VOLATILE,  # noqa: S108 - nothing is written there
    "/var/tmp": Place.VOLATILE,  # noqa: S108
    # What is obeyed, though it lasts until the next boot only.
    **dict.fromkeys(
        (
            *("/run/NetworkManager", "/run/binfmt.d", "/run/dbus-1", "/run/environment.d", "/run/modprobe.d"),
            *("/run/modules-load.d", "/run/polkit-1", "/run/sysctl.d", "/run/sysusers.d", "/run/tmpfiles.d"),
            *("/run/udev/rules.d", "/run/systemd/system", "/run/systemd/system.control"),
            *("/run/systemd/generator", "/run/systemd/generator.early", "/run/systemd/generator.late"),
            *("/run/systemd/network", "/run/systemd/user", "/run/systemd/system-generators"),
            *("/run/systemd/user-generators", "/run/systemd/resolved.conf.d", "/run/systemd/journald.conf.d"),
            *("/run/systemd/logind.conf.d", "/run/systemd/system.conf.d", "/run/systemd/user.conf.d"),
        ),
        Place.SYSTEM,
    ),
    "/srv": Place.DATA,
    "/var/backups": Place.DATA,
    "/var/cache": Place.DATA,
    "/var/lib": Place.DATA,
    "/var/log": Place.DATA,
    "/var/mail": Place.DATA,
    "/var/spool": Place.DATA,
    "/var/lib/dpkg/diversions": Place.SYSTEM,
    "/var/lib/dpkg/info": Place.SYSTEM,
    "/var/lib/dpkg/statoverride": Place.SYSTEM,
    "/var/lib/systemd/linger": Place.SYSTEM,
    "/var/spool/cron": Place.SYSTEM,
}
# Bodies of data: as many files as there is data, with what users wrote or with what looks random.
BODIES = re.compile(
    r"""
    (/srv/[^/]+|/var/lib)/postgresql/\d+/[^/]+/(base|global|pg_\w+)/.+
    | .*/(archive|backup)/[^/]+/\d[^/]*/.+  # pgBackRest's repository: a stanza's WAL by version, and its backups
    | /var/lib/amanat/copies/[^/]+/(data|index|snapshots)/.+ | /var/log/journal/[0-9a-f]{32}/.+
    """,
    re.X,
)


# Private directories of our own programs (amanat_host.scratch), which hold a lock on them while they run.
SCRATCH = re.compile(r".*/(amanat-[a-z-]+-|\.scratch-)[a-z0-9_]{8}")


class Found(NamedTuple):
    """A path as it lies on the disk; `path` begins with /."""

    path: str
    status: os.stat_result
    place: Place

    @property
    def mode(self) -> int:
        return stat.S_IMODE(self.status.st_mode)

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.status.st_mode)

    @property
    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def is_link(self) -> bool:
        return stat.S_ISLNK(self.status.st_mode)


def walk(root: str = "") -> Iterator[Found]:
    """Every path below `root`, a directory without a slash at its end ("" for the whole host); links aren't followed.

    What vanishes meanwhile is left out. Raises `OSError` for a directory that can't be read.
    """
    made_up = kernel_mounts(root)
    waiting = [("", Place.SYSTEM)]
    yield Found("/", os.lstat(root or "/"), Place.SYSTEM)
    while waiting:
        directory, place = waiting.pop()
        try:
            entries = os.scandir(f"{root}{directory}/")
        except (FileNotFoundError, NotADirectoryError):
            continue
        with entries:
            for entry in entries:
                path = f"{directory}/{entry.name}"
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                inside = PLACES.get(path, place)
                is_directory = stat.S_ISDIR(status.st_mode)
                if is_directory and SCRATCH.fullmatch(path) and in_use(f"{root}{path}"):
                    continue
                # A directory of the table is told like one of the place that it lies in.
                yield Found(path, status, place if is_directory else inside)
                if is_directory and path not in made_up:
                    waiting.append((path, inside))


def in_use(path: str) -> bool:
    """Whether a program holds its lock on a directory."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def kernel_mounts(root: str = "") -> frozenset[str]:
    """Where the kernel's own file systems are mounted."""
    try:
        lines = Path(f"{root}/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return frozenset()
    return frozenset(mount.target for mount in map(mount_line, lines) if mount.kind in KERNEL_FILE_SYSTEMS)


def shown(path: str) -> str:
    """A path as text of one line, whatever bytes are in its name."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return re.sub(
        r"[\x00-\x1f\x7f-\x9f\u200b-\u202e\u2066-\u2069]", lambda one: f"\\u{ord(one.group()):04x}", text
    )
