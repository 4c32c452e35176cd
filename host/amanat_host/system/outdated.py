"""Services that go on with programs or libraries that an update of packages has replaced since they read them.

The code that an update mends is in use until then, whatever the packages say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from amanat_host.state import proc
from amanat_host.state.owned import installed_at, package_of
from amanat_host.state.proc import Process

GONE = " (deleted)"


def outdated() -> dict[str, float]:
    """Unit -> since when the first of what it runs is replaced, as a Unix time. People's sessions aren't among them."""
    table = proc.processes()
    found: dict[str, float] = {}
    for process in table.values():
        if proc.session_of(process, table) is None:
            for since in replaced(process, table):
                found[process.unit] = min(since, found.get(process.unit, since))
    return found


def replaced(process: Process, table: Mapping[int, Process]) -> Iterator[float]:
    """When each file of a process's code was replaced by a package's newer one."""
    loaded = proc.loaded_at(process, table)
    for path in {process.program, *process.mapped}:
        package = package_of(path.removesuffix(GONE)) if path.endswith(GONE) else ""
        if package and installed_at(package) >= loaded:
            yield installed_at(package)
