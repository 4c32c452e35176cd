"""Since when security updates wait on this host. Run as root after each refresh of the package lists, by apt itself.

apt doesn't know when an update came out or when the host first saw it, so that is noted here, with the time of noting.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from amanat_host.entry import program
from amanat_host.system.state import output, text
from amanat_host.times import utc

NOTES = Path("/var/lib/amanat/security-updates.json")


@dataclass(frozen=True)
class Notes:
    """When notes were last taken, and since when each package's security update waits; UTC."""

    noted_at: str | None = None
    since: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls) -> Notes:
        """The notes on file; empty where there are none, or none that can be read."""
        with contextlib.suppress(ValueError, TypeError, KeyError):
            kept = json.loads(text(NOTES))
            return cls(kept["noted_at"], dict(kept["since"]))
        return cls()


def waiting() -> list[str]:
    """The packages of which the lists have a security update that isn't installed."""
    upgrade = output("/usr/bin/apt-get", "--simulate", "upgrade")
    return re.findall(r"^Inst (\S+) .*Debian-Security", upgrade, re.M)


@program
def main() -> None:
    """Note what waits now; what waited already keeps its time, what is installed goes."""
    now = utc()
    before = Notes.read().since
    since = {package: before.get(package, now) for package in waiting()}
    NOTES.parent.mkdir(exist_ok=True)
    new = NOTES.with_suffix(".new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        stream.write(json.dumps({"noted_at": now, "since": since}, sort_keys=True) + "\n")
        os.fsync(stream.fileno())
    new.replace(NOTES)
