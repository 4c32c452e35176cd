"""What an audit measured with: the digest of each file that can bend a verdict, and which release they are of."""

import hashlib
import io
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from amanat.evidence.checkout import archive, described
from amanat.evidence.row import MANIFEST, RECORDS, read_json

FOLDERS = ("amanat", "host", "policies")  # the audit, the probes that hosts get, and the law with its checks
FILES = ("requirements/run.txt",)  # what the audit itself is made of
SUFFIXES = (".py", ".toml", ".txt", ".yaml", ".md")
MOST_NAMED = 5
INSTRUMENTS = "instruments"


@dataclass(frozen=True)
class Measured:
    """The files that a run was measured with, against the commit it names.

    `changed` is None where this checkout doesn't know that commit; `elsewhere` are the files that differ from this
    checkout's own.
    """

    revision: str
    release: str
    files: int
    changed: tuple[str, ...] | None
    elsewhere: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        if not self.files:
            return "it doesn't say which policies it was measured with"
        if self.changed is None:
            if not self.elsewhere:
                return f"measured with this checkout's {self.files} files; no commit is known of them"
            return f"measured with files that are of no commit here: {_named(self.elsewhere)}"
        of = f"{self.revision[:12]}{f' ({self.release})' if self.release else ''}"
        if self.changed:
            return f"measured with a CHANGED checkout of {of}: {_named(self.changed)}"
        return f"measured with {of} as it was committed"


def digests(project: Path) -> dict[str, str]:
    """Path below the checkout -> SHA-256, of every file that an audit from there measures with."""
    found = [path for folder in FOLDERS for path in (project / folder).rglob("*")]
    found += [project / name for name in FILES]
    return {
        path.relative_to(project).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(found)
        if path.suffix in SUFFIXES and path.is_file()
    }


class Checkout:
    """A checkout to compare runs with: its own files, and each commit's, are read once for all of them."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self._commits: dict[str, Mapping[str, str] | None] = {}

    @cached_property
    def _own(self) -> Mapping[str, str]:
        return digests(self._project)

    def measured(self, run: Path) -> Measured:
        """What a whole run was measured with, as its first record says."""
        body = _first_record(run)
        known: Mapping[str, str] = body.get("probe", {}).get(INSTRUMENTS) or {}
        revision = str(body.get("commit", {}).get("revision", ""))
        committed = self._committed(revision)
        changed = None if committed is None else _differing(known, committed)
        release = described(self._project, revision)
        return Measured(revision, release, len(known), changed, _differing(known, self._own))

    def _committed(self, revision: str) -> Mapping[str, str] | None:
        if revision not in self._commits:
            packed = archive(self._project, revision, (*FOLDERS, *FILES))
            self._commits[revision] = None if packed is None else _packed_digests(packed)
        return self._commits[revision]


def _first_record(run: Path) -> Mapping[str, Any]:
    """The record that the manifest lists first; nothing where there is none."""
    listed = (read_json(run / MANIFEST) or {}).get("records") or []
    return read_json(run / RECORDS / f"{listed[0]['sha256']}.json") or {} if listed else {}


def _packed_digests(packed: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return {
            member.name: hashlib.sha256(content.read()).hexdigest()
            for member in tar
            if member.isfile() and member.name.endswith(SUFFIXES) and (content := tar.extractfile(member))
        }


def _differing(one: Mapping[str, str], other: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted({path for path, _ in one.items() ^ other.items()}))


def _named(paths: tuple[str, ...]) -> str:
    more = len(paths) - MOST_NAMED
    return ", ".join(paths[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
