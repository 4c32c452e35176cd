"""`amanat status --watch`: looks again and again; a terminal shows the newest view in its place, a file each change."""

import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from rich.console import Console
from rich.live import Live
from rich.text import Text

from amanat.errors import AmanatError, BadInput, of_os
from amanat.stopping import STOPPING
from amanat_host.times import utc

EVERY_SECONDS = 5
FASTEST_SECONDS = 1
SLOWEST_SECONDS = 3600
# A signal does not end a sleep while something runs that has to end first.
NAP_SECONDS = 0.1

Look = Callable[[], Sequence[str]]


def watch(look: Look, every_seconds: float, console: Console | None = None) -> None:
    """Show what `look` finds until Ctrl-C, or until nobody reads any more. What can't be looked at is shown as well.

    Raises KeyboardInterrupt for Ctrl-C, and BadInput where looking again makes no sense.
    """
    console = console or Console()
    show = _in_place if console.is_terminal and not console.is_dumb_terminal else _changes
    show(_views(look, every_seconds), every_seconds, console)


def _in_place(views: Iterator[Sequence[str]], every_seconds: float, console: Console) -> None:
    """Replace each view by the next."""
    with Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
        for lines in views:
            head = f"as of {utc()}, every {every_seconds:g} s; Ctrl-C ends"
            live.update(Text("\n".join((*lines, "", head))), refresh=True)


def _changes(views: Iterator[Sequence[str]], _every_seconds: float, console: Console) -> None:
    """Print each view that differs from the one before, under its time."""
    before: Sequence[str] = ()
    for lines in views:
        if lines != before:
            text = "\n".join((f"--- {utc()}", *lines))
            console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)
            console.file.flush()
        before = lines


def _views(look: Look, every_seconds: float) -> Iterator[Sequence[str]]:
    """What each look finds, with a pause behind each; ends when standard output is lost, or read by nobody any more."""
    while not _lost():
        yield _looked(look)
        _pause(every_seconds)


def _lost() -> bool:
    """Whether standard output leads nowhere; a pipe's reader that is gone shows before anything is written."""
    if getattr(sys.stdout, "lost", None):
        return True
    waiting = select.poll()
    try:
        waiting.register(sys.stdout.fileno(), 0)
    except (OSError, ValueError):  # it has no descriptor
        return False
    return bool(waiting.poll(0))


def _looked(look: Look) -> Sequence[str]:
    try:
        return tuple(look())
    except BadInput:
        raise
    except (AmanatError, OSError) as error:
        if STOPPING.asked:  # what was ended failed: that says nothing more
            _stop()
        return tuple(f"error: {of_os(error) if isinstance(error, OSError) else error}".splitlines())


def _pause(seconds: float) -> None:
    end = time.monotonic() + seconds
    while not STOPPING.asked and time.monotonic() < end:
        time.sleep(NAP_SECONDS)
    if STOPPING.asked:
        _stop()


def _stop() -> NoReturn:
    raise KeyboardInterrupt
