"""Time stamps by RFC 3161: asked of the server of time stamps over mutual TLS, read and verified by openssl(1).

The connection carries what section 3.3 of RFC 3161 says of TCP: a length of four bytes, a type of one, and the message.
"""

from __future__ import annotations

import re
import socket
import ssl
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from amanat_host import processes
from amanat_host.errors import Exit, HostError

OPENSSL = "/usr/bin/openssl"
INPUT = "/dev/stdin"  # of openssl, as the name of a file
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
SECONDS = 30.0
MOST_BYTES = 64 * 1024  # of a reply, with the server's certificate
REQUEST_TYPE = 0  # tsaMsg
REPLY_TYPE = 5  # finalMsgRep
_HEAD = struct.Struct("!IB")
_DUMP = re.compile(r"^ +[0-9a-f]{4} - ((?:[0-9a-f]{2}[ -]){1,16})", re.M)
_FIELDS = re.compile(
    r"Message data:\n(.*?)^Serial number: 0x([0-9A-F]+)\nTime stamp: ([^\n]+) GMT$", re.M | re.S
)


class NoStamp(HostError):
    """The server of time stamps doesn't answer now; it may later."""

    status = Exit.NO_ANSWER


class BadStamp(HostError):
    """A stamp is none, of something else, or of somebody else."""


@dataclass(frozen=True)
class Stamp:
    """What a stamp says: the SHA-256 that it is of, its number, and when."""

    imprint: str
    serial: int
    at: datetime


class Stamper(Protocol):
    """Whoever stamps digests."""

    def stamp(self, digest: str) -> bytes:
        """A reply of RFC 3161, DER. Raises NoStamp."""


@dataclass(frozen=True)
class StampServer:
    """The server of time stamps, over mutual TLS."""

    host: str
    port: int
    tls: ssl.SSLContext

    def stamp(self, digest: str) -> bytes:
        """The server's reply for a SHA-256. Raises NoStamp."""
        query = openssl("ts", "-query", "-digest", digest, "-sha256", "-cert")
        try:
            with (
                socket.create_connection((self.host, self.port), SECONDS) as plain,
                self.tls.wrap_socket(plain, server_hostname=self.host) as connection,
            ):
                connection.settimeout(SECONDS)
                connection.sendall(framed(REQUEST_TYPE, query))
                return _reply(connection)
        except OSError as error:  # a TLS error is one
            raise NoStamp(f"{self.host} gives no time stamp: {error}") from error


def framed(kind: int, message: bytes) -> bytes:
    """A message as it goes over the connection."""
    return _HEAD.pack(len(message) + 1, kind) + message


def unframed(head: bytes, kind: int) -> int:
    """How long the message is that comes after its head. Raises NoStamp."""
    if len(head) != _HEAD.size:
        raise NoStamp("the connection ended before a message")
    length, found = _HEAD.unpack(head)
    if found != kind or not 1 < length <= MOST_BYTES:
        raise NoStamp(f"a message of type {found} and {length} bytes came")
    return int(length) - 1


def _reply(connection: ssl.SSLSocket) -> bytes:
    with connection.makefile("rb") as stream:
        length = unframed(stream.read(_HEAD.size), REPLY_TYPE)
        data = stream.read(length)
    if len(data) != length:
        raise NoStamp("the reply broke off")
    return data


def openssl(*arguments: str, given: bytes = b"") -> bytes:
    """What openssl(1) prints of what it is given. Raises BadStamp with what it says where it fails."""
    command = [OPENSSL, *arguments]
    done = processes.run(command, input=given, capture_output=True, timeout=SECONDS, env=ENVIRONMENT)
    if done.returncode != 0:
        raise BadStamp(
            f"openssl {' '.join(arguments[:2])}: {_reason(done.stderr.decode('utf-8', 'replace'))}"
        )
    return bytes(done.stdout)


def _reason(said: str) -> str:
    """Of what openssl says the reason: `…:error:CODE:LIBRARY:FUNCTION:REASON:FILE:LINE:MORE`."""
    errors = [line.partition(":error:")[2].split(":") for line in said.splitlines() if ":error:" in line]
    return ", ".join([errors[-1][3], *errors[-1][6:]]).rstrip(", ") if errors else " ".join(said.split())


def read(data: bytes) -> Stamp:
    """What a stamp says; not that it is genuine. Raises BadStamp."""
    text = openssl("ts", "-reply", "-in", INPUT, "-text", given=data).decode("utf-8", "replace")
    found = _FIELDS.search(text)
    if not found:
        raise BadStamp("it stamps nothing")
    dump, serial, at = found.groups()
    imprint = re.sub("[ -]", "", "".join(_DUMP.findall(dump)))
    when = datetime.strptime(_without_fraction(at), "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    return Stamp(imprint, int(serial, 16), when)


def _without_fraction(at: str) -> str:
    return re.sub(r"(:\d\d)\.\d+", r"\1", " ".join(at.split()))


def verify(data: bytes, authority: Path) -> Stamp:
    """What a stamp says, signed by a server of time stamps whose certificate was valid then. Raises BadStamp.

    `authority` is the file with the certificate of who signed the server's.
    """
    stamp = read(data)
    at = str(int(stamp.at.timestamp()))
    asked = ("-digest", stamp.imprint, "-in", INPUT, "-CAfile", str(authority), "-attime", at)
    openssl("ts", "-verify", *asked, given=data)
    return stamp


def stamped(stamper: Stamper, digest: str, authority: Path) -> tuple[bytes, Stamp]:
    """A stamp of a SHA-256, as it came and what it says, verified. Raises NoStamp or BadStamp."""
    reply = stamper.stamp(digest)
    stamp = verify(reply, authority)
    if stamp.imprint != digest:
        raise BadStamp("the server stamped something else")
    return reply, stamp
