"""Making the controller ready, with what goes on and how long each stage took shown on the error stream."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from rich.console import Console
from rich.status import Status

from amanat.setup.engine import Engine, engine
from amanat.setup.mirrors import Mirrors
from amanat.setup.packages import DEBIAN_KEYRINGS, ensure_commands, ensure_packages, may_install
from amanat.setup.progress import elapsed
from amanat.setup.toolchain import Tools, environment, tools

QUIET_TICK_SECONDS = 20
# gpg makes keys by its agent, which Debian has in another package; gnupg brings both.
COMMANDS = {"ssh": "openssh-client", "gpg": "gnupg", "gpg-agent": "gnupg"}


@dataclass(frozen=True)
class Ready:
    """A machine made ready: what runs stacks on it, and the environment to run that in."""

    tools: Tools
    engine: Engine | None
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
    with_engine: bool = True,
    console: Console | None = None,
    check_engine: Callable[[], None] = lambda: None,
) -> Ready:
    """Make the machine ready for `pulumi up`: programs, an engine, Pulumi's tools; nothing is done twice.

    `source` forces where Pulumi's tools come from (`build` or `download`). `check_engine` may refuse the engine before
    the tools are fetched or built. Raises SetupError, and what `check_engine` raises.
    """
    screen = Screen(console or Console(file=sys.stderr))
    mirrors = Mirrors.from_environment()
    with screen.stage("programs") as result:
        if with_engine:
            ensure_commands(COMMANDS, screen)
        # Without root we go on: a pulled image needs none of these, and who needs them says so.
        if with_engine and may_install():
            ensure_commands({"mmdebstrap": "mmdebstrap"}, screen)
            if not any(path.exists() for path in DEBIAN_KEYRINGS):
                ensure_packages(["debian-archive-keyring"], screen)
        result.append("ready" if with_engine else "not needed")
    ready_engine = None
    if with_engine:
        with screen.stage("engine") as result:
            ready_engine = engine(screen)
            result.append(f"Docker {ready_engine.version} at {ready_engine.host}")
            os.environ.update(ready_engine.environment())
            check_engine()
    with screen.stage("tools") as result:
        found = tools(source, screen, mirrors)
        result.append(
            f"pulumi {found.versions['pulumi']}, Docker plugin {found.versions['docker']}: {found.source}"
        )
    env = environment(found, mirrors)
    if ready_engine:
        env |= ready_engine.environment()
    return Ready(found, ready_engine, env)
