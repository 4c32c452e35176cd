"""Tell which entries of a machine's journal never came to the log server."""

from datetime import datetime

from amanat.calendars import both
from amanat_host.answers.logs import MissingNumbers


def describe_hole(hole: MissingNumbers) -> str:
    """Which numbers never came, and since when that is known."""
    numbers = f"{hole.first}" if hole.first == hole.last else f"{hole.first} to {hole.last}"
    of_them = "" if hole.count == hole.last - hole.first + 1 else f" ({hole.count} of them)"
    at = hole.lost_at or hole.found_at
    return (
        f"{numbers}{of_them} {'lost' if hole.lost_at else 'missing'} since {both(datetime.fromisoformat(at))}"
    )
