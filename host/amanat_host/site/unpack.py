"""Unpack the operator's site to where the web server reads it.

    unpack-site ARCHIVE DIRECTORY

The files come to lie in a directory of their own, named after the archive's SHA-256; `current` is a symbolic link that
changes over to it at once, and `digest` says which one is served. What was served before is removed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import tarfile
from pathlib import Path

from amanat_host.entry import program
from amanat_host.errors import HostError

CURRENT = "current"
DIGEST = "digest"
MOST_BYTES = 64 * 1024 * 1024  # of all files together: a site without scripts and films is far smaller


def unpack(archive: Path, directory: Path) -> str:
    """Serve what is in `archive`; returns its SHA-256. Raises `HostError` for one that holds more than plain files."""
    content = archive.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    target = directory / digest
    shutil.rmtree(target, ignore_errors=True)  # an earlier run may have been killed on the way
    target.mkdir(mode=0o755)
    with tarfile.open(archive) as opened:
        for member in _plain_files(opened, archive):
            _write(target / member.name, opened, member)
    _replace_link(directory / CURRENT, digest)
    _replace_file(directory / DIGEST, digest)
    for other in directory.iterdir():
        if other.name not in (digest, CURRENT, DIGEST):
            _remove(other)
    return digest


def _plain_files(opened: tarfile.TarFile, archive: Path) -> list[tarfile.TarInfo]:
    members = opened.getmembers()
    for one in members:
        parts = Path(one.name).parts
        if not one.isreg() or one.name.startswith("/") or ".." in parts or not parts:
            raise HostError(f"{one.name!r} of {archive} is no plain file of a site")
    if sum(one.size for one in members) > MOST_BYTES:
        raise HostError(f"{archive} holds more than {MOST_BYTES} bytes")
    return members


def _write(path: Path, opened: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    source = opened.extractfile(member)
    if source is None:
        raise HostError(f"{member.name!r} has no content")
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    path.write_bytes(source.read())
    path.chmod(0o644)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _replace_link(link: Path, target: str) -> None:
    draft = link.with_name(f".{link.name}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    os.replace(draft, link)


def _replace_file(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}")
    draft.write_text(text, "ascii")
    os.replace(draft, path)


@program
def main() -> None:
    """Unpack it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archive", type=Path)
    parser.add_argument("directory", type=Path)
    given = parser.parse_args()
    unpack(given.archive, given.directory)
