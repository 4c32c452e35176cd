"""What dpkg says of a host's files: which package brought them, and which it knows by their digest.

Read straight from its database (https://manpages.debian.org/trixie/dpkg/dpkg-query.1.html): one `dpkg -S` for each file
would take minutes.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ADMIN = "/var/lib/dpkg"
# Directories that became links into /usr; packages may still name files by them.
MERGED = ("/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin")
# What belongs to the package's record: deb(5) and dpkg's own.
RECORD = ("conffiles", "config", "list", "md5sums", "postinst", "postrm", "preinst", "prerm", "triggers")
INSTALLED = "install ok installed"


@dataclass(frozen=True)
class Package:
    """A package by its status; `record` is where its files in the database begin, before the dot."""

    name: str
    version: str
    status: str
    record: str
    conffiles: Mapping[str, str]  # path -> MD5 of the file as the package brought it


@dataclass(frozen=True)
class Packages:
    """All packages of a host, and the paths that they brought, each by its place after the merge of /usr."""

    packages: tuple[Package, ...]
    owners: Mapping[str, str]  # path -> package
    with_digest: frozenset[str]  # regular files that `dpkg --verify` compares
    parents: frozenset[str]  # directories that something of a package lies in
    root: str = ""

    @property
    def conffiles(self) -> dict[str, str]:
        """Path -> MD5, of all packages that are there."""
        return {path: md5 for one in self.packages for path, md5 in one.conffiles.items()}

    def missing(self) -> Iterator[tuple[str, str]]:
        """(path, package) of what a package brought and is there no more; what dpkg is told to leave out, aside."""
        left_out = exclusions(self.root)
        for path, package in self.owners.items():
            if (
                not os.path.lexists(f"{self.root}{path}")
                and not left_out(path)
                and not path.startswith("/run/")
            ):
                yield path, package

    def record_digest(self, package: Package) -> tuple[str, float] | None:
        """SHA-256 over what the database has of a package: its lists, digests and scripts; None when it has nothing.

        With it the time when the oldest of them last changed: dpkg writes all of them anew, or none.
        """
        total = hashlib.sha256()
        changed = []
        for kind in RECORD:
            path = Path(f"{self.root}{ADMIN}/info/{package.record}.{kind}")
            try:
                content = path.read_bytes()
                changed.append(path.lstat().st_ctime)
            except FileNotFoundError:
                continue
            total.update(f"{kind} {len(content)}\n".encode())
            total.update(content)
        return (total.hexdigest(), min(changed)) if changed else None

    def records(self) -> frozenset[str]:
        """The paths in the database that belong to a package."""
        return frozenset(
            f"{ADMIN}/info/{one.record}.{kind}"
            for one in self.packages
            for kind in (*RECORD, "shlibs", "symbols", "templates")
        )


def merged(path: str) -> str:
    """A path by its place after the merge of /usr."""
    first = "/" + path.lstrip("/").partition("/")[0]
    return f"/usr{path}" if first in MERGED and path != first else path


def read(root: str = "") -> Packages:
    """The database. Raises `OSError` when it can't be read."""
    packages = tuple(statuses(root))
    diverted = diversions(root)
    owners: dict[str, str] = {}
    with_digest: set[str] = set()
    for package in packages:
        for path in listed(root, package):
            to, by = diverted.get(path, (path, package.name))
            owners[merged(path if by == package.name else to)] = package.name
        with_digest.update(digested(root, package, diverted))
    parents = {os.path.dirname(path) for path in owners}
    return Packages(packages, owners, frozenset(with_digest), frozenset(parents), root)


def statuses(root: str) -> Iterator[Package]:
    """The packages of the database's status that are there, or have left something."""
    info = {entry for entry in os.listdir(f"{root}{ADMIN}/info") if entry.endswith(".list")}
    text = Path(f"{root}{ADMIN}/status").read_text("utf-8", "replace")
    for block in text.split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+):[ ]?(.*(?:\n[ \t].*)*)", block, re.M))
        if "Package" not in fields or fields["Status"].endswith(" not-installed"):
            continue
        name, architecture = fields["Package"], fields.get("Architecture", "")
        record = next((one for one in (f"{name}:{architecture}", name) if f"{one}.list" in info), name)
        conffiles = [line.split() for line in fields.get("Conffiles", "").splitlines() if line.strip()]
        known = {
            merged(words[0]): words[1]
            for words in conffiles
            if len(words) > 1 and re.fullmatch("[0-9a-f]{32}", words[1])
        }
        yield Package(name, fields.get("Version", ""), fields["Status"], record, known)


def listed(root: str, package: Package) -> list[str]:
    """The paths that a package brought, by its own list."""
    path = Path(f"{root}{ADMIN}/info/{package.record}.list")
    try:
        lines = path.read_text("utf-8", "surrogateescape").splitlines()
    except FileNotFoundError:
        return []
    return [line for line in lines if line.startswith("/") and line != "/."]


def digested(root: str, package: Package, diverted: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """The regular files of a package whose digest dpkg has."""
    try:
        text = Path(f"{root}{ADMIN}/info/{package.record}.md5sums").read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return
    for line in text.splitlines():
        path = "/" + line[34:]
        to, by = diverted.get(path, (path, package.name))
        yield merged(path if by == package.name else to)


def diversions(root: str) -> dict[str, tuple[str, str]]:
    """Path -> (where it lies instead, the package whose own file has the path now), of dpkg-divert(1)."""
    try:
        lines = Path(f"{root}{ADMIN}/diversions").read_text("utf-8", "surrogateescape").splitlines()
    except FileNotFoundError:
        return {}
    return {one: (to, by) for one, to, by in zip(lines[::3], lines[1::3], lines[2::3], strict=False)}


def exclusions(root: str) -> Callable[[str], bool]:
    """Whether dpkg.cfg(5) tells dpkg to leave a path out (path-exclude, path-include: the last that fits holds)."""
    rules = []
    for file in [Path(f"{root}/etc/dpkg/dpkg.cfg"), *sorted(Path(f"{root}/etc/dpkg/dpkg.cfg.d").glob("*"))]:
        try:
            text = file.read_text("utf-8", "replace")
        except OSError:
            continue
        for kind, pattern in re.findall(r"^\s*path-(exclude|include)[= ]\s*(\S+)", text, re.M):
            rules.append((kind == "exclude", re.compile(fnmatch.translate(pattern))))

    def left_out(path: str) -> bool:
        fitting = [excluded for excluded, pattern in rules if pattern.fullmatch(path)]
        return bool(fitting) and fitting[-1]

    return left_out


def alternatives(root: str = "") -> dict[str, frozenset[str]]:
    """Link -> what it may point to, of update-alternatives(1): generic names, and their links in /etc/alternatives."""
    found: dict[str, frozenset[str]] = {}
    for file in sorted(Path(f"{root}{ADMIN}/alternatives").glob("*")):
        found.update(_alternative(file.name, file.read_text("utf-8", "replace").splitlines()))
    return found


def _alternative(name: str, lines: list[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """One group: its mode, its link, names and links of what follows it, "", then choices with a priority, ""."""
    end = lines.index("", 1)
    names, links = [name, *lines[2:end:2]], lines[1:end:2]
    choices = lines[end + 1 : lines.index("", end + 1)]
    size = len(names) + 1  # a path for each name, and the priority behind the first
    for number, (one, link) in enumerate(zip(names, links, strict=True)):
        yield merged(link), frozenset({f"/etc/alternatives/{one}"})
        yield f"/etc/alternatives/{one}", frozenset(choices[number + bool(number) :: size])
