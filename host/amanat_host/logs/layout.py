"""How one machine's stored journal lies on the log server's disk: the collector's state, and a file for each day."""

from __future__ import annotations

from pathlib import Path

STATE = "state.json"
SUFFIX = ".export"


def plain_path(directory: Path, day: str) -> Path:
    """The file of a day that is not sealed."""
    return directory / f"{day}{SUFFIX}"


def days(directory: Path) -> list[Path]:
    """The files of the days, oldest first."""
    return sorted(directory.glob(f"????-??-??{SUFFIX}"))
