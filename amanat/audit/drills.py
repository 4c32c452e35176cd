"""The newest restore drill of this machine's signed evidence: what the vault's own record is held against.

The record on the vault is a line of text that the vault's root can write. A drill is what a controller ran, saw and
signed: its values count, and the record must be of the same drill.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from amanat.audit.errors import NotChecked
from amanat.evidence import verify
from amanat.evidence.row import MANIFEST, finished, read_json
from amanat.evidence.signature import BadSigningKey, public_key

RECORDED_WITHIN_SECONDS = 1800  # the scratch machine is taken down between the record and the evidence
REMEDY = (
    "Run `make drill` on this machine; elsewhere, give the operator's signed drills with --drills DIR and"
    " the stack's public evidence key with --drills-key FILE."
)


@dataclass(frozen=True)
class SignedDrill:
    """A drill by its signed evidence: what it measured, when that was signed, and what is wrong with the evidence."""

    values: Mapping[str, Any]
    signed_at: datetime
    problems: tuple[str, ...]

    def differs(self, record: Mapping[str, Any]) -> dict[str, tuple[object, object]]:
        """Where the vault's record is not of this drill: name -> (on record, signed)."""
        names = {*record, *self.values} - {"at"}
        found: dict[str, tuple[object, object]] = {
            name: (record.get(name), self.values.get(name))
            for name in sorted(names)
            if record.get(name) != self.values.get(name)
        }
        recorded = datetime.fromisoformat(str(record.get("at")))
        if not abs((self.signed_at - recorded).total_seconds()) <= RECORDED_WITHIN_SECONDS:
            found["at"] = (recorded.isoformat(), self.signed_at.isoformat())
        return found


def newest_signed(row: Path, key: Path) -> SignedDrill:
    """The drill that was signed last in a directory of drills.

    Args:
        row: the directory, e.g. evidence/<stack>/drills.
        key: the stack's evidence key, or its public half.

    Raises `NotChecked` when there is none, or no key to verify it with.
    """
    runs = [(manifest, run) for run in finished(row) if (manifest := read_json(run / MANIFEST))]
    if not runs:
        raise NotChecked("no restore drill was signed here", str(row), REMEDY)
    if not key.is_file():
        raise NotChecked("there is no key to verify the restore drill with", str(key), REMEDY)
    try:
        trusted = public_key(key)
        signed_at, manifest, run = max(
            ((_signed_at(manifest), manifest, run) for manifest, run in runs),
            key=lambda one: (one[0], one[2]),
        )
    except (BadSigningKey, KeyError, TypeError, ValueError) as error:
        raise NotChecked(
            f"the evidence of restore drills can't be read: {error}", str(row), REMEDY
        ) from error
    result = manifest.get("result")
    problems = tuple(map(str, verify(run, trusted)))
    return SignedDrill(result if isinstance(result, dict) else {}, signed_at, problems)


def _signed_at(manifest: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(manifest["finished"]["utc"])
