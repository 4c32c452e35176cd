"""Jobs that the service manager keeps running: a step done again and again."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType


def repeat_until_stopped(step: Callable[[], None], interval_seconds: float) -> None:
    """Do a step, wait, and do it again, until SIGTERM or SIGINT; a step that has begun comes to its end."""
    stop = threading.Event()

    def told(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)
    while not stop.is_set():
        step()
        stop.wait(interval_seconds)
