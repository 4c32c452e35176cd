"""A machine's journal as the log server reads it: a connection by mutual TLS for each request."""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol, Self

from amanat_host.errors import Exit, HostError
from amanat_host.logs.entries import Entry, Parser
from amanat_host.logs.requests import END

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
MOST_ENDS = 2
BLOCK_BYTES = 256 * 1024
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))


class NoAnswer(HostError):
    """The machine does not answer, or broke off."""

    status = Exit.NO_ANSWER


@dataclass(frozen=True)
class Ends:
    """The first and the last entry of a machine's journal; None for a journal that has none."""

    first: Entry | None
    last: Entry | None


class Following(Protocol):
    """A journal that is being followed."""

    def entries(self, wait_seconds: float) -> Iterator[Entry]:
        """What has come, after a wait for the first of it. Raises NoAnswer."""


class Source(Protocol):
    """A machine that answers requests (see `requests`)."""

    def follow(self, cursor: str) -> AbstractContextManager[Following]:
        """Entries from a cursor on. Raises NoAnswer."""

    def range(self, cursor: str) -> Iterator[Entry]:
        """Entries from a cursor on, up to the last; whoever has enough stops. Raises NoAnswer."""

    def ends(self) -> Ends:
        """How far the journal goes. Raises NoAnswer."""


@dataclass(frozen=True)
class Address:
    """Where a machine's journal is handed out, and by which certificate it shows itself."""

    machine: str
    port: int


class Connection:
    """The answer to one request, as it comes."""

    def __init__(self, tls: ssl.SSLSocket) -> None:
        self._tls = tls
        self._parser = Parser()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tls.close()

    def entries(self, wait_seconds: float) -> Iterator[Entry]:
        """What has come, after a wait for the first of it; nothing is lost by a wait that was too short."""
        if self._tls.pending() or select.select([self._tls], [], [], wait_seconds)[0]:
            yield from self._parser.feed(self._receive())

    def all(self) -> Iterator[Entry]:
        """The entries of an answer that ends. Raises NoAnswer where it broke off."""
        while True:
            for entry in self._parser.feed(self._receive()):
                if entry.cursor != END:
                    yield entry
                elif entry.number:
                    raise NoAnswer(f"the machine's journalctl ended with status {entry.number}")
                else:
                    return

    def _receive(self) -> bytes:
        try:
            data = self._tls.recv(BLOCK_BYTES)
        except OSError as error:  # a TLS error is one
            raise NoAnswer(f"the connection broke: {error}") from error
        if not data:
            raise NoAnswer("the machine ended the connection")
        return data


class TlsSource:
    """A machine's journal over mutual TLS."""

    def __init__(self, address: Address, context: ssl.SSLContext) -> None:
        self._address, self._context = address, context

    def follow(self, cursor: str) -> Connection:
        """Entries from a cursor on, and those to come."""
        return Connection(self._ask(f"follow {cursor}"))

    def range(self, cursor: str) -> Iterator[Entry]:
        """Entries from a cursor on, up to the last."""
        with Connection(self._ask(f"range {cursor}")) as answer:
            yield from answer.all()

    def ends(self) -> Ends:
        """How far the journal goes."""
        with Connection(self._ask("ends")) as answer:
            found = list(islice(answer.all(), MOST_ENDS + 1))
        if len(found) > MOST_ENDS:
            raise NoAnswer(f"{self._address.machine} tells more than the ends of its journal")
        return Ends(found[0], found[-1]) if found else Ends(None, None)

    def _ask(self, request: str) -> ssl.SSLSocket:
        try:
            return self._connected(request)
        except OSError as error:
            raise NoAnswer(f"{self._address.machine} does not answer: {error}") from error

    def _connected(self, request: str) -> ssl.SSLSocket:
        where = (self._address.machine, self._address.port)
        plain = socket.create_connection(where, CONNECT_SECONDS)
        try:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in _KEEPALIVE:
                plain.setsockopt(socket.IPPROTO_TCP, option, value)
            tls = self._context.wrap_socket(
                plain, server_hostname=self._address.machine, suppress_ragged_eofs=False
            )
        except BaseException:
            plain.close()
            raise
        tls.settimeout(ANSWER_SECONDS)
        tls.sendall(f"{request}\n".encode())
        return tls


def context(authority: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.3 with our certificate, to machines of the stack's authority. Raises OSError."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.load_verify_locations(cafile=str(authority))
    made.load_cert_chain(certificate, key)
    return made
