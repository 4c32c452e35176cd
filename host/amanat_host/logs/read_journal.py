"""Hand this machine's journal to the log server: read one request from standard input, and write the answer.

stunnel starts it for each connection that shows the log server's certificate. journalctl does the reading; nothing that
a caller says gets to it but a cursor, and the caller can change nothing.
"""

from __future__ import annotations

import os
import select
import sys

from amanat_host import processes
from amanat_host.entry import program
from amanat_host.errors import HostError
from amanat_host.logs.requests import LONGEST_BYTES, commands, end, ends_by_itself

PATIENCE_SECONDS = 10.0
# journalctl reads its own behaviour from variables; none is wanted.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


class NothingAsked(HostError):
    """The caller said nothing in time."""


def request(descriptor: int) -> bytes:
    """The line that the caller writes. Raises NothingAsked."""
    line = b""
    while not line.endswith(b"\n") and len(line) < LONGEST_BYTES:
        ready, _, _ = select.select([descriptor], [], [], PATIENCE_SECONDS)
        part = os.read(descriptor, LONGEST_BYTES - len(line)) if ready else b""
        if not part:
            raise NothingAsked("no request came")
        line += part
    return line


@program
def main() -> None:
    """Answer one request."""
    line = request(0)
    asked = commands(line)
    if not ends_by_itself(line):
        os.execve(asked[0][0], asked[0], ENVIRONMENT)  # noqa: S606 - no shell, and it takes this one's place
    statuses = [processes.run(command, env=ENVIRONMENT).returncode for command in asked]
    sys.stdout.buffer.write(end(max(map(abs, statuses))))
    sys.stdout.buffer.flush()
