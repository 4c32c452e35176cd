"""This machine's journal, as what sends recordings knows it: it takes entries, and says which parts it has."""

from __future__ import annotations

import socket
from typing import Protocol

from amanat_host.commands import run_raw
from amanat_host.logs.entries import Parser
from amanat_host.logs.fields import fields
from amanat_host.logs.recording import IDENTIFIER, UNIT

SOCKET = "/run/systemd/journal/socket"
PATIENCE_SECONDS = 10.0  # with a journald that takes nothing
READ = (
    *("/usr/bin/journalctl", "--quiet", "--no-pager", "--all", "--output=export"),
    "--output-fields=AMANAT_RECORDING,AMANAT_BEGAN,AMANAT_PART",
    *(f"SYSLOG_IDENTIFIER={IDENTIFIER}", f"_SYSTEMD_UNIT={UNIT}"),
)

Key = tuple[str, int, int]


class Journal(Protocol):
    """Where parts go."""

    def send(self, data: bytes) -> None:
        """Hand an entry over. Raises OSError."""

    def parts_since(self, at: float) -> set[Key]:
        """The parts that it has of those sent since a Unix time. Raises HostError."""


class Journald:
    """This machine's journal."""

    def __init__(self) -> None:
        """Raises OSError."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(PATIENCE_SECONDS)
        self._socket.connect(SOCKET)

    def send(self, data: bytes) -> None:
        """Hand an entry over. Raises OSError."""
        self._socket.sendall(data)

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()

    def parts_since(self, at: float) -> set[Key]:
        """The parts that it has of those sent since a Unix time. Raises HostError."""
        found = set()
        for one in Parser().feed(run_raw(*READ, f"--since=@{int(at)}")):
            told = fields(one.raw)
            if "AMANAT_PART" not in told:
                continue
            found.add(
                (
                    told["AMANAT_RECORDING"].decode(),
                    int(told["AMANAT_BEGAN"]),
                    int(told["AMANAT_PART"]),
                )
            )
        return found
