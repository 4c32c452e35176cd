"""Lines for the bench of the log server: writing them, waiting for them, and what that took."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from amanat_host import commands
from amanat_host.errors import HostError

END_SECONDS = 300
LOOK_SECONDS = 0.05
PADDING = "x" * 100  # a line of usual length


class NotMeasured(HostError):
    """Something that is measured did not come about."""


@dataclass(frozen=True)
class Taken:
    """What one way took for all lines: seconds of the clock and of a core, and the most memory."""

    seconds: float
    core_seconds: float
    memory_bytes: int


def wait_for(what: str, is_there: Callable[[], bool], seconds: float = END_SECONDS) -> None:
    """Look until it is there. Raises NotMeasured."""
    deadline = time.monotonic() + seconds
    while not is_there():
        if time.monotonic() > deadline:
            raise NotMeasured(f"{what} took more than {seconds:.0f} s")
        time.sleep(LOOK_SECONDS)


def write_lines(name: str, count: int) -> None:
    """Write lines to the journal, as a service does on its standard output. Raises HostError."""
    lines = "".join(f"{number} {PADDING}\n" for number in range(count))
    commands.run("/usr/bin/systemd-cat", f"--identifier={name}", "/usr/bin/cat", given=lines.encode())


def core_seconds(process: int) -> float:
    """Seconds of a core that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_bytes(process: int) -> int:
    """The most memory that a process has had."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
