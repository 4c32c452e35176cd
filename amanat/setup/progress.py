"""How long work says that it goes on: a note stays on the screen, a tick is overwritten by the next."""

import os
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import IO, Protocol

from amanat import processes


class Reporter(Protocol):
    """Where progress goes. The command line shows it; tests and libraries may drop it."""

    def note(self, text: str) -> None:
        """Say something that stays, such as a fall-back and its reason."""

    def tick(self, text: str) -> None:
        """Say what goes on right now; the next tick replaces it."""


class Quiet:
    """Drops everything."""

    def note(self, text: str) -> None:
        """Drop `text`."""

    def tick(self, text: str) -> None:
        """Drop `text`."""


QUIET = Quiet()
LAST_LINES = 12


def elapsed(seconds: float) -> str:
    """Seconds as a person says them: `0.4 s`, `12 s`, `2 min 10 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def stream(
    command: Sequence[str],
    *,
    source: Mapping[str, str] = os.environ,
    settings: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    line: Callable[[str], None] = lambda text: None,
    tick: Callable[[float], None] = lambda seconds: None,
) -> tuple[int, str]:
    """Run `command`; hand each line of output to `line`, and at least each second the elapsed time to `tick`.

    Returns the exit status and the last lines of output. Raises OSError when the command can't be started.
    """
    began = monotonic()
    lines: queue.Queue[str | None] = queue.Queue()
    last: list[str] = []
    with processes.started(
        command,
        source=source,
        settings=settings,
        cwd=cwd,
        stdout=processes.PIPE,
        stderr=processes.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
        reader.start()
        while True:
            try:
                text = lines.get(timeout=1)
            except queue.Empty:
                tick(monotonic() - began)
                continue
            if text is None:
                break
            last = [*last[1 - LAST_LINES :], text]
            line(text)
            tick(monotonic() - began)
        reader.join()
        return process.wait(), "\n".join(last)


def _read(output: IO[str] | None, lines: queue.Queue[str | None]) -> None:
    for text in output or ():
        lines.put(text.rstrip("\n"))
    lines.put(None)
