"""Reads which services go on with other files than those that lie there: changed since they were read.

A daemon that was started while its settings, rules or authorities were others keeps those in memory when the files are
put back. The files are those that the unit's commands name, those that these name in turn, and those of `BY_DEFAULT`.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator

from amanat_host.state import units
from amanat_host.state.listing import Listing, changed_at, files_below
from amanat_host.state.syntax import systemctl_time
from amanat_host.state.units import Unit
from amanat_host.system.state import output, text

# PostgreSQL and sshd are asked what they run with: dimensions `database` and `access`.
ASKED_THEMSELVES = re.compile(r"(postgresql@.*|ssh|ssh@.*)\.service")
SYSTEMD = ("/etc/systemd", "/run/systemd", "/usr/local/lib/systemd")
BY_DEFAULT = {
    "pgbackrest.service": ("/etc/pgbackrest.conf", "/etc/pgbackrest/pgbackrest.conf"),
    "systemd-journald.service": tuple(f"{place}/journald.conf*" for place in SYSTEMD),
    "systemd-logind.service": tuple(f"{place}/logind.conf*" for place in SYSTEMD),
}
READ_WHEN_USED = ("/etc/amanat/copies/logins",)  # rest-server looks after its file of logins
NAMED_IN = ("ExecStart", "ExecStartPre", "EnvironmentFiles", "Environment", "LoadCredential")
TIMES = ("ExecMainStartTimestamp", "ActiveEnterTimestamp", "StateChangeTimestamp")
NAME = re.compile(r"(?<![\w.%*-])/(?:etc|run/systemd)/[\w./@*?-]++(?![%{$])")
LARGEST_BYTES = 256 * 1024  # of a file that is searched for names of others
RELOADED_SECONDS = 1.0  # between two state changes of one start


def read() -> Listing:
    """Each file that changed after a service had read it."""
    listing = Listing()
    for unit in running():
        loaded = loaded_at(unit)
        for path in sorted(files_of(unit)):
            changed = changed_at(path, follow=True)
            if changed and changed > loaded:
                listing.add(f"{unit.shown}: file {path}", "changed after it was read", changed)
    return listing


def running() -> Iterator[Unit]:
    """The services with a process, but for those that are asked themselves."""
    properties = ",".join(("Id", "ActiveState", "MainPID", *TIMES, *NAMED_IN))
    asked = ("show", "--all", "--timestamp=us+utc", f"--property={properties}", "*.service")
    for unit in units.parse(output(units.SYSTEMCTL, *asked)):
        has_process = unit["ActiveState"] in ("active", "reloading") and unit["MainPID"] not in ("", "0")
        if has_process and not ASKED_THEMSELVES.fullmatch(unit.name):
            yield unit


def loaded_at(unit: Unit) -> float:
    """When it last read its files, in Unix seconds: as it was started, or reloaded by systemd since."""
    started, entered, changed = (systemctl_time(unit[name]) for name in TIMES)
    return changed if changed > max(started, entered) + RELOADED_SECONDS else started


def files_of(unit: Unit) -> set[str]:
    """The files that a service reads as it starts."""
    found: set[str] = set()
    named = {*names_in("\n".join(unit[name] for name in NAMED_IN)), *BY_DEFAULT.get(unit.name, ())}
    waiting = list(files_at(named))
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += files_at(names_in(settings_in(path)))
    return found


def names_in(content: str) -> set[str]:
    """Paths of settings in a text; none that stands in a comment, or is a part of a pattern like `/etc/x/%u`."""
    lines = (line for line in content.splitlines() if not line.lstrip().startswith(("#", ";")))
    return {name.rstrip(".") for line in lines for name in NAME.findall(line)}


def settings_in(path: str) -> str:
    """A file's text, if it is one that may name others."""
    try:
        if os.path.getsize(path) > LARGEST_BYTES:
            return ""
    except OSError:
        return ""
    content = text(path)
    return "" if "-----BEGIN " in content or "\0" in content else content


def files_at(names: Iterable[str]) -> Iterator[str]:
    """The files of paths, patterns and directories; of `/etc` or a directory of it that is everybody's, none."""
    for path in (path for name in names for path in glob.glob(name)):
        if os.path.isfile(path) and path not in READ_WHEN_USED:
            yield path
        elif os.path.isdir(path) and path.rstrip("/").count("/") > 2:
            yield from (file for file in files_below(path) if file not in READ_WHEN_USED)
