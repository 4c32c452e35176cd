"""Services that go on with programs or libraries that an update of packages has replaced since they read them.

The code that an update mends is in use until then, whatever the packages say.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from amanat_host.state import proc
from amanat_host.state.owned import installed_at, package_of
from amanat_host.state.proc import Process

GONE = " (deleted)"
OF_PACKAGES = "/usr/"


@dataclass(frozen=True)
class Replaced:
    """When the first and when the last of what a unit runs was replaced, as Unix times."""

    first: float
    last: float


def outdated() -> dict[str, Replaced]:
    """The units that run what is replaced. People's sessions aren't among them."""
    table = proc.processes()
    moments: dict[str, list[float]] = {}
    for process in table.values():
        if proc.session_of(process, table) is None:
            moments.setdefault(process.unit, []).extend(replaced(process, table))
    return {unit: Replaced(min(found), max(found)) for unit, found in moments.items() if found}


def replaced(process: Process, table: Mapping[int, Process]) -> Iterator[float]:
    """When each file of a process's code was replaced since it was read."""
    loaded = proc.loaded_at(process, table)
    for path in {process.program, *process.mapped}:
        since = replaced_at(path.removesuffix(GONE)) if path.endswith(GONE) else 0.0
        if since >= loaded:
            yield since


def replaced_at(path: str) -> float:
    """When a file that is gone was replaced: as its package was unpacked. 0 for what is of no package.

    A library's next version may have another name, and then no package lists the old one any more: its directory
    changed as it went.
    """
    if package := package_of(path):
        return installed_at(package)
    try:
        return os.stat(Path(path).parent).st_mtime if path.startswith(OF_PACKAGES) else 0.0
    except OSError:
        return 0.0
