"""How old a thing is. What is dated ahead has no age: a clock that went wrong must not keep it young."""

import time
from datetime import UTC, datetime

from amanat.calendars import both

AHEAD_SECONDS = 120  # by which the clocks of two machines in order may differ


def age_seconds(moment: float | str, at: float | None = None) -> float:
    """Seconds from `moment` (seconds since 1970, or ISO 8601 with its offset) until `at`, by this machine's clock.

    `at` is a Unix time; None stands for now.
    Raises AssertionError for a moment that lies ahead: a check that meets one has failed.
    """
    dated = datetime.fromisoformat(moment) if isinstance(moment, str) else datetime.fromtimestamp(moment, UTC)
    since = dated.timestamp()
    age = (time.time() if at is None else at) - since
    if age < -AHEAD_SECONDS:
        raise AssertionError(f"{both(dated)} lies {-age / 60:.0f} minutes ahead: a clock is wrong, or was")
    return max(age, 0.0)
