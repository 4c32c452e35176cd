"""Give one time stamp: read a request of RFC 3161 from standard input, write the reply, and keep a record of it.

stunnel starts it for each connection that shows the log server's certificate; openssl(1) makes the stamp. The record is
written before the stamp is handed out, so there is none that it lacks.
"""

from __future__ import annotations

import fcntl
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from amanat_host.entry import program
from amanat_host.errors import HostError
from amanat_host.logs import stamps
from amanat_host.tsa.stamp_record import StampRecord

PATIENCE_SECONDS = 10.0
SETTINGS = Path("/etc/amanat/tsa/openssl.cnf")
PLACE = Path("/var/lib/amanat/tsa")
HEAD_BYTES = 5


class NothingAsked(HostError):
    """The caller sent no request in time."""


def received(descriptor: int, length: int) -> bytes:
    """So many bytes of what the caller sends. Raises NothingAsked."""
    data = b""
    while len(data) < length:
        ready, _, _ = select.select([descriptor], [], [], PATIENCE_SECONDS)
        part = os.read(descriptor, length - len(data)) if ready else b""
        if not part:
            raise NothingAsked("no request came")
        data += part
    return data


def request(descriptor: int) -> bytes:
    """The request that the caller sends, DER. Raises NothingAsked or NoStamp."""
    length = stamps.unframed(received(descriptor, HEAD_BYTES), stamps.REQUEST_TYPE)
    return received(descriptor, length)


def reply(query: bytes, place: Path = PLACE, settings: Path = SETTINGS) -> bytes:
    """The reply to a request, on record when this returns. Raises BadStamp, ForgottenStamps or OSError."""
    with _locked(place):
        record = StampRecord.read(place / "stamps.jsonl")
        # openssl writes its file of the last number in place; the record knows it as well, and is whole.
        (place / "serial").write_text(f"{digits(record.next_serial - 1)}\n")
        asked = ("-config", str(settings), "-queryfile", stamps.INPUT)
        answer = stamps.openssl("ts", "-reply", *asked, given=query)
        record.add(stamps.read(answer))
        return answer


def digits(serial: int) -> str:
    """A number as openssl reads it from its file: hexadecimal, an even number of digits."""
    text = f"{serial:04X}"
    return text.zfill(len(text) + len(text) % 2)


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@program
def main() -> None:
    """Answer one request."""
    made = reply(request(0))
    sys.stdout.buffer.write(stamps.framed(stamps.REPLY_TYPE, made))
    sys.stdout.buffer.flush()
