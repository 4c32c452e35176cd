"""A Debian package of the hosts' programs, built from their sources without Debian's tools.

The same sources give the same package: its version names their digest, no time and no account is in it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

NAME = "amanat-host"
LIBRARY = "usr/lib/amanat"
# -I: no variable, directory or module of the caller's; -B: no bytecode is written beside files that are watched, and by
# the prefix none is read there: it would run in place of a source that is untouched.
PROGRAM = """\
#!/usr/bin/python3 -IB
import sys

sys.pycache_prefix = "/nonexistent"
sys.path.insert(0, "/{library}")

from {module} import {function}

sys.exit({function}())
"""
POSTINST = """\
#!/bin/sh
set -e
if [ "$1" = configure ] && [ -d /run/systemd/system ]; then
    # Those that are not there, or don't run, are left alone.
    systemctl try-restart {services} 2>/dev/null || true
fi
"""
CONTROL = """\
Package: {name}
Version: {version}
Architecture: all
Maintainer: Amanat <root@localhost>
Installed-Size: {kibibytes}
Depends: python3 (>= 3.11)
Section: admin
Priority: optional
Description: programs of an Amanat host
 Jobs, probes and benches that run on a host of the stack.
"""


@dataclass(frozen=True)
class File:
    """A file of the package: its path from the root, mode and content."""

    path: str
    mode: int
    content: bytes


@dataclass(frozen=True)
class Package:
    """A built package."""

    version: str
    content: bytes


def build(source: Path) -> Package:
    """The package of the sources in a directory: `pyproject.toml`, `amanat_host/`, `scripts/`."""
    project = tomllib.loads((source / "pyproject.toml").read_text("utf-8"))
    settings = project["tool"][NAME]
    files = [*modules(source), *scripts(source), *programs(settings["programs"])]
    files.sort(key=lambda file: file.path)
    postinst = File("postinst", 0o755, POSTINST.format(services=" ".join(settings["services"])).encode())
    told = [*files, postinst, File("control", 0o644, CONTROL.encode())]
    version = f"{project['project']['version']}+{digest(told)[:12]}"
    return Package(version, archive(tarball(control(version, files, postinst)), tarball(files)))


def modules(source: Path) -> list[File]:
    """The Python package."""
    paths = sorted((source / "amanat_host").rglob("*.py"))
    return [File(f"{LIBRARY}/{path.relative_to(source)}", 0o644, path.read_bytes()) for path in paths]


def scripts(source: Path) -> list[File]:
    """Programs that are no Python, as they are."""
    paths = sorted(path for path in (source / "scripts").iterdir() if path.is_file())
    return [File(f"{LIBRARY}/{path.name}", 0o755, path.read_bytes()) for path in paths]


def programs(table: dict[str, str]) -> list[File]:
    """One generated file for each program of the table `name = "module:function"`."""
    files = []
    for name, target in table.items():
        module, _, function = target.partition(":")
        text = PROGRAM.format(library=LIBRARY, module=module, function=function)
        files.append(File(f"{LIBRARY}/{name}", 0o755, text.encode()))
    return files


def digest(files: list[File]) -> str:
    """SHA-256 over paths, modes and contents, in hex."""
    total = hashlib.sha256()
    for file in files:
        content = hashlib.sha256(file.content).hexdigest()
        total.update(f"{file.mode:o} {content} {file.path}\n".encode())
    return total.hexdigest()


def control(version: str, files: list[File], postinst: File) -> list[File]:
    """What dpkg knows of the package, and the digests by which `dpkg --verify` finds changes."""
    # Installed-Size is in KiB, each file and directory rounded up (deb-substvars(5)).
    kibibytes = sum(-(-len(file.content) // 1024) for file in files) + len(directories(files))
    text = CONTROL.format(name=NAME, version=version, kibibytes=kibibytes)
    sums = "".join(
        f"{hashlib.md5(file.content, usedforsecurity=False).hexdigest()}  {file.path}\n" for file in files
    )
    return [File("control", 0o644, text.encode()), File("md5sums", 0o644, sums.encode()), postinst]


def directories(files: list[File]) -> list[str]:
    """The directories that the files lie in, from the root down."""
    return sorted({str(parent) for file in files for parent in Path(file.path).parents if str(parent) != "."})


def tarball(files: list[File]) -> bytes:
    """A compressed archive of root's files, without times."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.GNU_FORMAT) as archived:
        for path in [".", *directories(files)]:
            archived.addfile(entry(path, 0o755, tarfile.DIRTYPE))
        for file in files:
            member = entry(file.path, file.mode, tarfile.REGTYPE)
            member.size = len(file.content)
            archived.addfile(member, io.BytesIO(file.content))
    return gzip.compress(plain.getvalue(), mtime=0)


def entry(path: str, mode: int, kind: bytes) -> tarfile.TarInfo:
    """The header of a file or directory, root's."""
    member = tarfile.TarInfo("./" if path == "." else f"./{path}")
    member.type, member.mode = kind, mode
    member.uname = member.gname = "root"
    return member


def archive(control_tarball: bytes, data_tarball: bytes) -> bytes:
    """The outermost archive, of ar(1): deb(5)."""
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": control_tarball,
        "data.tar.gz": data_tarball,
    }
    parts = [b"!<arch>\n"]
    for name, content in members.items():
        parts.append(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode())
        parts.append(content + b"\n" * (len(content) % 2))
    return b"".join(parts)
