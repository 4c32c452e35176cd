"""How the host is: what other programs say about it, as plain values."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from amanat_processes import run

WANTED = json.loads(Path("/etc/amanat/base.json").read_text(encoding="utf-8"))
KERNEL_SETTINGS = Path("/etc/sysctl.d/60-amanat.conf")

Finding = dict[str, Any]


def output(*command: str) -> str:
    """Standard output of a command; its failure is part of the answer, not the end of it."""
    done = run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
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


def kernel_settings() -> dict[str, Finding]:
    """Every kernel setting that we want, as it is now."""
    settings = {}
    for line in text(KERNEL_SETTINGS).splitlines():
        if match := re.match(r"-?([a-z][\w.-]*)\s*=\s*(\S+)", line):
            name, wanted = match.groups()
            path = "/proc/sys/" + name.replace(".", "/")
            actual = text(path).strip() or None
            settings[name] = {
                "wanted": wanted,
                "actual": actual,
                "settable": writable(path),
                "met": actual == wanted,
            }
    return settings


def writable(path: str) -> bool:
    """Whether root may set this value here: the file exists and its mount is writable."""
    return os.path.exists(path) and not os.statvfs(path).f_flag & os.ST_RDONLY


def units() -> dict[str, dict[str, str]]:
    """State of the units that should run, and of the services that must know their newest settings."""
    started = [unit["name"] for unit in WANTED["units"] if unit["state"] == "started"]
    names = started + list(WANTED["newer_than_service"])
    wanted = "Id,ActiveState,UnitFileState,NeedDaemonReload,StateChangeTimestamp"
    shown = output(
        "/usr/bin/systemctl", "show", f"--property={wanted}", "--timestamp=unix", *sorted(set(names))
    )
    blocks = [
        dict(line.split("=", 1) for line in block.splitlines()) for block in shown.strip().split("\n\n")
    ]
    return {block["Id"]: block for block in blocks if "Id" in block}
