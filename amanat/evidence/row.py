"""The row of runs in one directory: which came before which, by what they say themselves. Names follow a clock.

A run remembers the manifests of the newest runs before it: one, or several that went on side by side. The newest of
all has no successor that would miss it, so the machine that signs keeps its digest (`Memory`).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amanat.files import write_private

MANIFEST = "manifest.json"
RECORDS = "records"
STARTED = "run-started"


def finished(row: Path) -> list[Path]:
    """The directories of the runs that have a manifest, by name."""
    return sorted(path.parent for path in row.glob(f"*/{MANIFEST}"))


def begun(row: Path) -> list[Path]:
    """The directories of all runs, also those that were cut short, by name."""
    return sorted(path for path in row.iterdir() if (path / RECORDS).is_dir()) if row.is_dir() else []


def newest(runs: Iterable[Path]) -> list[Path]:
    """Those of `runs` that none of the others came after; the last by name where their words make no sense."""
    known = {run.name: run for run in runs}
    followed = {name for run in known.values() for name in previous(_words(run))}
    return [run for name, run in known.items() if name not in followed] or list(known.values())[-1:]


def previous(words: Mapping[str, Any] | None) -> dict[str, str]:
    """The runs before the one whose manifest `words` is: name -> SHA-256 of its manifest."""
    given = (words or {}).get("previous_runs", [(words or {}).get("previous_run")])
    named = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    return {str(one.get("run")): str(one.get("manifest_sha256")) for one in named if _is_name(one.get("run"))}


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Memory:
    """What this machine signed last, by the row's directory: a file beside the signing key."""

    file: Path

    @classmethod
    def beside(cls, signing_key: Path) -> "Memory":
        return cls(signing_key.with_name("evidence-newest.json"))

    def last(self, row: Path) -> dict[str, str]:
        """The run that was signed last in `row`, as `previous` gives it; empty when none is known."""
        return previous({"previous_runs": [self._rows().get(str(row.resolve()))]})

    def keep(self, row: Path, run: str, manifest_sha256: str) -> None:
        """Remember that `run` was signed last in `row`."""
        rows = self._rows() | {str(row.resolve()): {"run": run, "manifest_sha256": manifest_sha256}}
        write_private(self.file, json.dumps(rows, indent=1, sort_keys=True) + "\n")

    def _rows(self) -> dict[str, Any]:
        return read_json(self.file) or {}


def _words(run: Path) -> dict[str, Any] | None:
    """A run's manifest; of one that was cut short, what its first record says."""
    if (run / MANIFEST).is_file():
        return read_json(run / MANIFEST)
    bodies = (read_json(path) for path in (run / RECORDS).glob("*.json"))
    return next((body["probe"] for body in bodies if body and body.get("kind") == STARTED), None)


def read_json(path: Path) -> dict[str, Any] | None:
    """A file's JSON object; None where it can't be read or is something else."""
    with suppress(OSError, ValueError):
        found = json.loads(path.read_bytes())
        return found if isinstance(found, dict) else None
    return None


def _is_name(name: object) -> bool:
    return isinstance(name, str) and "/" not in name and name not in {"", ".", ".."}
