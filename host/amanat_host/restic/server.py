"""What the server knows of the copies by itself: its files and their times, never what a client says of them."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from amanat_host import processes
from amanat_host.errors import HostError
from amanat_host.times import DAY_SECONDS

CONFIGURATION = Path("/etc/amanat/copies/copies.json")
RESTIC = "/usr/bin/restic"
ENVIRONMENT = ("RESTIC_CACHE_DIR", "TMPDIR", "HOME")


@dataclass(frozen=True)
class Settings:
    """Where copies lie (`root`: a repository for each host below it) and how long they stay."""

    root: Path
    logins: Path
    keys: Path
    hosts: tuple[str, ...]
    account: str
    keep_days: int
    keep_least: int

    @classmethod
    def load(cls, path: Path = CONFIGURATION) -> Settings:
        """Read what the role wrote; `HostError` when it can't be read."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                Path(found["root"]),
                Path(found["logins"]),
                Path(found["keys"]),
                tuple(found["hosts"]),
                found["account"],
                int(found["keep_days"]),
                int(found["keep_least"]),
            )
        except (OSError, ValueError, KeyError) as error:
            raise HostError(f"{path}: {error}") from error

    def made(self) -> list[str]:
        """The hosts whose repository is there."""
        return [host for host in self.hosts if (self.root / host / "config").exists()]


def arrivals(directory: Path) -> dict[str, float]:
    """When each file of a repository's directory came in: the server's own time of writing, by name."""
    found = {}
    for path in directory.glob("?" * 64):
        try:
            found[path.name] = path.stat().st_mtime
        except FileNotFoundError:
            continue
    return found


def outlived(arrived: Mapping[str, float], now: float, keep_days: int, keep_least: int) -> list[str]:
    """The names that came in more than `keep_days` ago, save the `keep_least` newest."""
    newest_first = sorted(arrived, key=lambda name: arrived[name], reverse=True)
    return [name for name in newest_first[keep_least:] if now - arrived[name] > keep_days * DAY_SECONDS]


def restic(repository: Path, key: Path, *arguments: str, seconds: float | None = None) -> str:
    """What restic prints about a repository on this disk; `HostError` with its last words when it fails."""
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    command = [RESTIC, "--quiet", "--repo", str(repository), "--password-file", str(key), *arguments]
    try:
        done = processes.run(command, capture_output=True, text=True, env=environment, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise HostError(f"{repository.name}: restic {arguments[0]} takes more than {seconds:g} s") from error
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split())[-300:]
        raise HostError(f"{repository.name}: restic {arguments[0]} ended with {done.returncode}: {said}")
    return str(done.stdout)


def newest_age_hours(settings: Settings) -> dict[str, float | None]:
    """By host: how old the newest copy is by the server's clock; None where there is none."""
    found = {host: arrivals(settings.root / host / "snapshots") for host in settings.made()}
    return {
        host: (time.time() - max(arrived.values())) / 3600 if arrived else None
        for host, arrived in found.items()
    }
