"""How the host is: what other programs say about it, as plain values."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amanat_host import processes
from amanat_host.answers.system import KernelSetting

WANTED = Path("/etc/amanat/base.json")
KERNEL_SETTINGS = Path("/etc/sysctl.d/60-amanat.conf")


@dataclass(frozen=True)
class Wanted:
    """What the role wants of the host: units, set-user-ID files, and files that services must have read."""

    units: Sequence[Mapping[str, str]]
    setuid_allowed: Sequence[str]
    newer_than_service: Mapping[str, Sequence[str]]

    def named(self, *, masked: bool) -> list[str]:
        """The units to be masked, or those to be up."""
        return [unit["name"] for unit in self.units if (unit["state"] == "masked") == masked]


@functools.cache
def wanted() -> Wanted:
    """What the role wants of this host, as it wrote it down."""
    return Wanted(**json.loads(WANTED.read_text(encoding="utf-8")))


def output(*command: str) -> str:
    """Standard output of a command; its failure is part of the answer, not the end of it."""
    done = processes.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    return str(done.stdout)


def text(path: str | Path) -> str:
    """A file's content; empty where it can't be read."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def password_kind(field: str) -> str:
    """What a shadow field says about its password, without saying the password's hash."""
    if not field:
        return "empty"
    if field.startswith(("!", "*")):
        return "locked"
    return {"$y$": "yescrypt", "$6$": "sha512", "$5$": "sha256", "$1$": "md5"}.get(field[:3], "other")


def honoured_places() -> list[str]:
    """The root and every disk where the kernel would honour a set-user-ID bit."""
    mounts = [line.split() for line in text("/proc/self/mounts").splitlines()]
    honoured = {
        place.replace("\\040", " ")
        for _, place, kind, options, *_ in mounts
        if kind in ("ext4", "xfs", "btrfs") and "nosuid" not in options.split(",") and os.path.isdir(place)
    }
    return ["/", *sorted(honoured - {"/"})]


def privileged_files() -> list[str]:
    """Paths with a set-user-ID or set-group-ID bit, on every such disk."""
    search = ["-xdev", "-type", "f", "-perm", "/6000", "-print0"]
    found = output("/usr/bin/find", *honoured_places(), *search)
    return sorted(set(filter(None, found.split("\0"))))


def kernel_settings() -> dict[str, KernelSetting]:
    """Every kernel setting that we want, as it is now."""
    settings = {}
    for line in text(KERNEL_SETTINGS).splitlines():
        if match := re.match(r"-?([a-z][\w.-]*)\s*=\s*(\S+)", line):
            name, value = match.groups()
            path = "/proc/sys/" + name.replace(".", "/")
            actual = text(path).strip() or None
            settings[name] = KernelSetting(value, actual, writable(path), met=actual == value)
    return settings


def writable(path: str) -> bool:
    """Whether root may set this value here: the file exists and its mount is writable."""
    return os.path.exists(path) and not os.statvfs(path).f_flag & os.ST_RDONLY


def units() -> dict[str, dict[str, str]]:
    """State of the units that should run, and of the services that must know their newest settings."""
    names = [*wanted().named(masked=False), *wanted().newer_than_service]
    properties = "Id,ActiveState,UnitFileState,NeedDaemonReload,StateChangeTimestamp"
    shown = output(
        "/usr/bin/systemctl", "show", f"--property={properties}", "--timestamp=unix", *sorted(set(names))
    )
    blocks = [
        dict(line.split("=", 1) for line in block.splitlines()) for block in shown.strip().split("\n\n")
    ]
    return {block["Id"]: block for block in blocks if "Id" in block}
