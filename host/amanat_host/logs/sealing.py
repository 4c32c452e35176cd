"""Seal the days of one machine that have ended: compress, describe in the machine's chain, have that stamped.

Each step makes a file and is final; a run that was killed is taken up where it ended. What is stored in plain is the
collector's: it lets go of a day once that is sealed (see `store`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from amanat_host.errors import HostError
from amanat_host.logs import chain as chains
from amanat_host.logs import sealed_file, stamps
from amanat_host.logs import state as states
from amanat_host.logs.chain import Chain, Record, Seal
from amanat_host.logs.layout import STATE, plain_path
from amanat_host.logs.stamps import Stamper


class NotWhatWasStored(HostError):
    """A day that has ended is not as long as it was when it ended."""


@dataclass(frozen=True)
class Place:
    """Where one machine's days are: `plain` the collector's directory, `sealed` the sealer's; and who signs."""

    machine: str
    plain: Path
    sealed: Path
    authority: Path


def seal_ended_days(place: Place, stamper: Stamper) -> list[str]:
    """Seal what has ended and isn't sealed, oldest day first; the days that were sealed.

    Raises BrokenChain, NotWhatWasStored, NotTheFormat, NoStamp, BadStamp or OSError: all before is sealed then.
    """
    place.sealed.mkdir(mode=0o750, exist_ok=True)
    with chains.locked(place.sealed):
        chain = Chain.read(place.sealed)
        _clear(place.sealed)
        stamp_all(place, chain, stamper)
        sealed = {seal.day for seal in chain.seals()}
        ended = states.read(place.plain / STATE).ended
        done = []
        for day in sorted(ended.keys() - sealed):
            chain.append(_seal(place, chain, day, ended[day]))
            stamp_all(place, chain, stamper)
            done.append(day)
        return done


def stamp_all(place: Place, chain: Chain, stamper: Stamper) -> None:
    """Have every record stamped that has no stamp. Raises NoStamp, BadStamp or OSError."""
    for record in chain.records:
        if not chain.is_stamped(record.position):
            _stamp(place, chain, record, stamper)


def _stamp(place: Place, chain: Chain, record: Record, stamper: Stamper) -> None:
    reply, _ = stamps.stamped(stamper, chain.record_digest(record.position), place.authority)
    chains.write(chains.stamp_path(place.sealed, record.position), reply)


def _seal(place: Place, chain: Chain, day: str, length: int) -> Seal:
    source = plain_path(place.plain, day)
    size = source.stat().st_size
    if size != length:
        raise NotWhatWasStored(f"{size} bytes are there, and {length} were stored", str(source))
    target = sealed_file.sealed_path(place.sealed, day)
    content = sealed_file.compress(source, target)
    return Seal(
        machine=place.machine,
        day=day,
        position=chain.next_position,
        previous=chain.digest,
        entries=content.entries,
        ranges=tuple(content.ranges),
        content_bytes=content.size_bytes,
        content_sha256=content.end(),
        file=sealed_file.describe(target),
    )


def _clear(directory: Path) -> None:
    """Remove what a run that was killed had not finished."""
    for path in directory.glob(f"*{chains.NEW}"):
        path.unlink()
