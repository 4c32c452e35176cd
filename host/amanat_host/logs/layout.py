"""Where stored journals lie on the log server's disk, and how one machine's does: a state, and a file for each day."""

from __future__ import annotations

from pathlib import Path

PLACE = Path("/var/lib/amanat/logs")  # the collector's, a directory for each machine
SEALED = Path("/var/lib/amanat/log-seals")  # the sealer's, likewise
STATE = "state.json"
SUFFIX = ".export"


def plain_path(directory: Path, day: str) -> Path:
    """The file of a day that is not sealed."""
    return directory / f"{day}{SUFFIX}"


def days(directory: Path) -> list[Path]:
    """The files of the days, oldest first."""
    return sorted(directory.glob(f"????-??-??{SUFFIX}"))
