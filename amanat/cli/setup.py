"""Making the controller ready, with what goes on and how long each stage took shown on the error stream."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from rich.console import Console
from rich.status import Status

from amanat.setup.mirrors import Mirrors
from amanat.setup.packages import ensure_commands
from amanat.setup.progress import elapsed
from amanat.setup.toolchain import Tools, environment, tools
from amanat.targets import Operations, Prepared

QUIET_TICK_SECONDS = 20
# gpg makes keys by its agent, which Debian has in another package; gnupg brings both.
COMMANDS = {"ssh": "openssh-client", "gpg": "gnupg", "gpg-agent": "gnupg"}


@dataclass(frozen=True)
class Ready:
    """A machine made ready: Pulumi's tools, the target, and the environment to run both in."""

    tools: Tools
    target: Prepared | None
    environment: dict[str, str]


class Screen:
    """Shows progress: one changing line on a terminal; elsewhere (CI, a log file) a line every 20 seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
        self._ticked = 0.0
        self._name = ""

    @contextmanager
    def stage(self, name: str) -> Iterator[list[str]]:
        """One stage: its name while it runs, then the time it took and what the body put into the list."""
        began = self._ticked = monotonic()
        self._name = name
        result: list[str] = []
        status = self._status = self._console.status(name) if self._console.is_terminal else None
        if status:
            status.start()
        try:
            yield result
        finally:
            self._status = None
            if status:
                status.stop()
        self._line(f"{name:<9} {' '.join(result) or 'ready'}  ({elapsed(monotonic() - began)})")

    def note(self, text: str) -> None:
        """Say something that stays."""
        self._line(f"{self._name:<9} {text}")

    def tick(self, text: str) -> None:
        """Say what goes on right now."""
        if self._status:
            self._status.update(f"{self._name}: {text}")
        elif monotonic() - self._ticked >= QUIET_TICK_SECONDS:
            self._ticked = monotonic()
            self._line(f"{self._name:<9} … {text}")

    def _line(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def run_setup(
    source: str | None = None,
    target: Operations | None = None,
    console: Console | None = None,
    check_target: Callable[[], None] = lambda: None,
) -> Ready:
    """Make the machine ready for `pulumi up`: programs, the target if one is given, Pulumi's tools; nothing twice.

    `source` forces where Pulumi's tools come from (`build` or `download`). `check_target` may refuse the target before
    the tools are fetched or built. Raises what the target raises, SetupError, and what `check_target` raises.
    """
    screen = Screen(console or Console(file=sys.stderr))
    mirrors = Mirrors.from_environment()
    with screen.stage("programs") as result:
        if target:
            ensure_commands(COMMANDS, screen)
        result.append("ready" if target else "not needed")
    prepared = None
    if target:
        with screen.stage(target.noun) as result:
            prepared = target.prepare(screen)
            result.append(prepared.description)
            os.environ.update(prepared.environment)
            check_target()
    with screen.stage("tools") as result:
        found = tools(source, screen, mirrors)
        result.append(
            f"pulumi {found.versions['pulumi']}, Docker plugin {found.versions['docker']}: {found.source}"
        )
    env = environment(found, mirrors)
    if prepared:
        env |= prepared.environment
    return Ready(found, prepared, env)
