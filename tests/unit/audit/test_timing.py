"""What is old, and what only says that it is young."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from amanat.audit.timing import AHEAD_SECONDS, age_seconds


def test_the_age_of_a_moment_is_told_in_seconds():
    assert age_seconds(time.time() - 90) == pytest.approx(90, abs=5)
    assert age_seconds((datetime.now(UTC) - timedelta(hours=2)).isoformat()) == pytest.approx(7200, abs=5)


def test_what_was_told_before_is_as_old_as_it_was_then():
    told = time.time() - 300
    assert age_seconds(told - 20, told) == pytest.approx(20)
    with pytest.raises(AssertionError, match="a clock is wrong"):
        age_seconds(told + 300, told)


def test_clocks_may_differ_a_little():
    assert age_seconds(time.time() + AHEAD_SECONDS / 2) == 0


def test_what_is_dated_ahead_is_never_young():
    with pytest.raises(AssertionError, match="lies 60 minutes ahead: a clock is wrong"):
        age_seconds(time.time() + 3600)
