"""The record of a machine's files that each run leaves with the stack: digests of what the kit wrote there.

A change made by hand on the machine stays a finding of the audit, because a run takes into the record only what changed
since it began. The kernel's change time decides, which nobody sets by hand.
"""

from __future__ import annotations

import calendar
import contextlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CONTENT = "content of "  # how the items begin whose values are digests
KEPT = "kept "  # and those of keys and journals, each of which is there or not
MACHINE = "machine"  # the item that tells which machine it is
NEVER = float("inf")


@dataclass(frozen=True)
class Outcome:
    """What came of a run: how many digests were taken, and the items whose change no run explains."""

    taken: int
    unexplained: tuple[str, ...]


def begin(path: Path, now: float) -> None:
    """Note when a run began, by the machine's clock. The beginning of one that was cut off stands, with its changes."""
    started = started_file(path)
    if not started.exists():
        write_private(started, f"{now:.6f}\n")


def take(path: Path, *states: Mapping[str, Mapping[str, str]]) -> Outcome:
    """Take what the run changed into the record at `path`; the first time, or of another machine, all that is there.

    `states`: what `probe-state files` and `probe-history kept` answer, `items` and `since`. Raises `ValueError` when
    they are not that.
    """
    items = {item: value for state in states for item, value in state["items"].items()}
    since = {item: at for state in states for item, at in state["since"].items()}
    machine = items.get(MACHINE)
    if not machine:
        raise ValueError("the machine doesn't say which one it is")
    digests = {item: value for item, value in items.items() if item.startswith((CONTENT, KEPT))}
    known = recorded(path, machine)
    began = start_of(path)
    if known is None:
        record = digests
    elif any(item.startswith(KEPT) for item in known):
        record = merged(known, digests, since, began)
    else:  # a record from before keys were noted
        first = {item: value for item, value in digests.items() if item.startswith(KEPT)}
        record = merged(known | first, digests, since, began)
    if known != record:
        taken_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        written = {"machine": machine, "taken_at": taken_at, "content": record}
        write_private(path, json.dumps(written, indent=0, sort_keys=True) + "\n")
    started_file(path).unlink(missing_ok=True)
    taken = sum((known or {}).get(item) != value for item, value in record.items())
    return Outcome(taken, tuple(sorted(item for item, value in digests.items() if record.get(item) != value)))


def merged(
    known: Mapping[str, str], digests: Mapping[str, str], since: Mapping[str, str], began: float
) -> dict[str, str]:
    """What was known, with what changed since the run began; of what is gone, nothing."""
    record = {}
    earliest = began if began == NEVER else int(began)  # change times are told in whole seconds
    for item, digest in digests.items():
        if changed_at(since.get(item, "")) >= earliest:
            record[item] = digest
        elif item in known:
            record[item] = known[item]
    return record


def changed_at(text: str) -> float:
    """Seconds since the epoch of a time like 2026-11-26T14:13:46Z; long ago for "". Raises `ValueError`."""
    return float(calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))) if text else -NEVER


def recorded(path: Path, machine: str) -> dict[str, str] | None:
    """The digests on record; None when there is no record, or one of a machine that has been made anew since."""
    try:
        known = json.loads(path.read_text("utf-8"))
        return dict(known["content"]) if known["machine"] == machine else None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def start_of(path: Path) -> float:
    """When the run began; never, when none has said so."""
    try:
        return float(started_file(path).read_text("ascii"))
    except (FileNotFoundError, ValueError):
        return NEVER


def started_file(path: Path) -> Path:
    """Where the beginning of a run is noted, beside the record."""
    return path.with_suffix(".started")


def write_private(path: Path, text: str) -> None:
    """Replace a file at once; nobody but its owner can read it at any moment."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
