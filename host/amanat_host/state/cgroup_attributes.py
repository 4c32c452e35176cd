"""Reads what is written on cgroups as extended attributes: some of them tell daemons what to do with a unit.

journald takes its patterns of lines to be dropped from `user.journald_log_filter_patterns` (systemd.exec(5),
LogFilterPatterns=), systemd-oomd whom to spare from others; no file and no unit shows them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from amanat_host.state.listing import Listing

CGROUPS = Path("/sys/fs/cgroup")
# systemd's own notes: who may make groups below one, which run of a unit it is, that nobody waits for its end.
OWN = ("delegate", "invocation_id", "survive_final_kill_signal")
SPACES = ("user.", "trusted.")


def read(top: Path = CGROUPS) -> Listing:
    """Every attribute that systemd doesn't keep for itself, by the cgroup's name."""
    listing = Listing()
    for path in sorted({path for path, _, _ in os.walk(top)}):
        for name, value in attributes(path):
            listing.add(f"attribute {name} of cgroup {os.path.relpath(path, top)}", value)
    return listing


def attributes(path: str) -> Iterator[tuple[str, str]]:
    """Name and value of each attribute that says something; none of a cgroup that has gone meanwhile."""
    with contextlib.suppress(OSError):
        for name in os.listxattr(path):
            if name.startswith(SPACES) and name.split(".", 1)[1] not in OWN:
                yield name, repr(os.getxattr(path, name))[2:-1]
