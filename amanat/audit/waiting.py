"""Waiting for a condition, with an end."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")
PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 1.0


def wait_until(condition: Callable[[], Value], seconds: float) -> Value:
    """Ask until the answer is true in a test, or `seconds` are over; returns the last answer."""
    deadline = time.monotonic() + seconds
    pause = PAUSE_SECONDS
    while True:
        answer = condition()
        if answer or time.monotonic() >= deadline:
            return answer
        time.sleep(pause)
        pause = min(pause * 1.2, LONGEST_PAUSE_SECONDS)  # each question is evidence
