"""Moments as text."""

from __future__ import annotations

import calendar
import time

DAY_SECONDS = 24 * 3600


def utc(at: float | None = None) -> str:
    """A Unix time, by default this moment's, in UTC by ISO 8601 and to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def moment(text: str) -> float:
    """The Unix time that `utc` wrote. Raises `ValueError`."""
    return float(calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")))


def boot_time() -> float:
    """The Unix time that proc(5) counts from."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
