"""Time stamps of a server outside the stack, over HTTPS (RFC 3161, section 3.4), beside those that the vault gives.

The newest record of a machine's chain is stamped, once: it names the record before it by SHA-256, and so on, so its
stamp says of all of them that they were there. Who has both the log server and the vault can't write those days anew.
"""

from __future__ import annotations

import http.client
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from amanat_host.logs import chain as chains
from amanat_host.logs import stamps
from amanat_host.logs.chain import Chain
from amanat_host.logs.stamps import MOST_BYTES, NoStamp, Stamper
from amanat_host.outside_tls import trusting

AUTHORITY = Path("/etc/amanat/logs/timestamp-ca.crt")  # who signs for the outside server, where one is chosen
SECONDS = 30.0
REQUEST = "application/timestamp-query"
REPLY = "application/timestamp-reply"
NAME = ".outside.tsr"


@dataclass(frozen=True)
class OutsideServer:
    """A server of time stamps by its https address."""

    url: str

    def stamp(self, digest: str) -> bytes:
        """The server's reply for a SHA-256, not verified. Raises NoStamp."""
        query = stamps.openssl("ts", "-query", "-digest", digest, "-sha256", "-cert")
        try:
            return self._posted(query)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise NoStamp(f"{self.url} gives no time stamp: {error}") from error

    def _posted(self, query: bytes) -> bytes:
        if not self.url.startswith("https://"):
            raise ValueError("the address is not https")
        headers = {"Content-Type": REQUEST, "Accept": REPLY}
        request = urllib.request.Request(self.url, query, headers)  # noqa: S310 - https alone
        with urllib.request.urlopen(request, timeout=SECONDS, context=trusting()) as answer:  # noqa: S310
            kind = answer.headers.get_content_type()
            data = bytes(answer.read(MOST_BYTES + 1))
        if kind != REPLY or len(data) > MOST_BYTES:
            raise ValueError(f"{len(data)} bytes of {kind} came")
        return data


def stamp_newest(directory: Path, server: Stamper, authority: Path) -> bool:
    """Have the newest record of a chain stamped if it isn't; whether it was now.

    Raises NoStamp, BadStamp, BrokenChain or OSError.
    """
    if not directory.exists():
        return False
    with chains.locked(directory):
        chain = Chain.read(directory)
        newest = chain.next_position - 1
        if newest == 0 or path_of(directory, newest).exists():
            return False
        reply, _ = stamps.stamped(server, chain.record_digest(newest), authority)
        chains.write(path_of(directory, newest), reply)
    return True


def newest_stamped(directory: Path) -> int:
    """The highest place of a record with an outside stamp; 0 for none."""
    return max((place_of(path) for path in outside_stamps(directory)), default=0)


def waits_since(chain: Chain) -> datetime | None:
    """When the vault stamped the oldest record that no outside stamp covers yet; None where all are covered.

    A record that the vault has not stamped either doesn't count: that is told elsewhere. Raises BadStamp or OSError.
    """
    place = newest_stamped(chain.directory) + 1
    if place >= chain.next_position or not chain.is_stamped(place):
        return None
    return stamps.read(chains.stamp_path(chain.directory, place).read_bytes()).at


def outside_stamps(directory: Path) -> list[Path]:
    """The files of outside stamps, oldest record first."""
    return sorted(directory.glob(f"{'[0-9]' * 8}{NAME}"))


def path_of(directory: Path, place: int) -> Path:
    """The file of a record's outside stamp."""
    return directory / f"{place:08d}{NAME}"


def place_of(path: Path) -> int:
    """The place of the record that a file of an outside stamp is of."""
    return int(path.name.removesuffix(NAME))
