"""Wait at boot for the host that the key is bound to, and say so where people look."""

from __future__ import annotations

import os
import socket
import sys
import time

from amanat_host.volume import key, tang
from amanat_host.volume.layout import Layout

_FIRST_SECONDS, _LONGEST_SECONDS = 1.0, 8.0
_SAY_AGAIN_SECONDS = 600.0


def key_when_it_comes(layout: Layout) -> bytes:
    """Return the key, however long the other host takes; each new reason goes to the journal and the status.

    Raises:
        HostError: waiting can't help.
    """
    told, told_at, pause = "", 0.0, _FIRST_SECONDS
    while True:
        try:
            found = key.read(layout)
        except tang.Unanswered as problem:
            now = time.monotonic()
            if str(problem) != told or now - told_at >= _SAY_AGAIN_SECONDS:
                told, told_at = str(problem), now
                _tell(problem)
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_SECONDS)
        else:
            status("")
            return found


def status(text: str) -> None:
    """Have the service manager show a line in the unit's status."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect("\0" + address[1:] if address.startswith("@") else address)
        sender.send(f"STATUS={' '.join(text.split())}".encode())


def _tell(problem: tang.Unanswered) -> None:
    sys.stderr.write(f"waiting: {problem}\n")
    sys.stderr.flush()
    status(f"waiting: {problem.what} ({problem.where}): {problem.fix}")
