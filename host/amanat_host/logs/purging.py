"""Purge sealed days after their retention: a record in the machine's chain, its stamp, and then the file.

What may be purged is told by two clocks, this machine's and that of the server of time stamps; and never is a day
purged that the law still asks for, whatever was chosen.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from amanat_host.logs import chain as chains
from amanat_host.logs import sealed_file, stamps
from amanat_host.logs.chain import Chain, Purge, Seal
from amanat_host.logs.sealing import Place, stamp_all
from amanat_host.logs.stamps import Stamper

# Article 6 clause 7-2; the register of the law has it, and a contract test compares.
LEAST_DAYS = 186


def purge_old_days(place: Place, stamper: Stamper, retention_days: int, now: datetime) -> list[str]:
    """Purge what is older than was chosen, by both clocks; the days that went.

    Raises BrokenChain, NoStamp, BadStamp or OSError.
    """
    chain = Chain.read(place.sealed)
    days = old_days(chain, retention_days, now)
    if days:
        # Of what it has stamped before, so that its record knows of nothing new.
        _, theirs = stamps.stamped(stamper, chain.digest, place.authority)
        days = [day for day in days if day in old_days(chain, retention_days, theirs.at)]
    return purge(place, stamper, days)


def purge(place: Place, stamper: Stamper, days: Iterable[str]) -> list[str]:
    """Purge these days, each with its record first, stamped; and finish what was begun before. The days that went."""
    with chains.locked(place.sealed):
        chain = Chain.read(place.sealed)
        kept = _kept(chain)
        stamp_all(place, chain, stamper)
        for day in sorted(days):
            chain.append(_record(chain, kept[day]))
            stamp_all(place, chain, stamper)
        gone = [one.day for one in chain.purges() if sealed_file.sealed_path(place.sealed, one.day).exists()]
        for day in gone:
            sealed_file.sealed_path(place.sealed, day).unlink()
        chains.sync_directory(place.sealed)
        return gone


def old_days(chain: Chain, retention_days: int, now: datetime) -> list[str]:
    """The sealed days that are older than the retention, and than the law asks for. Days are whole days in UTC."""
    limit = max(retention_days, LEAST_DAYS)
    return [day for day in sorted(_kept(chain)) if age_days(day, now) > limit]


def age_days(day: str, now: datetime) -> int:
    """How many days ago a day was."""
    return (now.astimezone(UTC).date() - date.fromisoformat(day)).days


def _kept(chain: Chain) -> dict[str, Seal]:
    gone = {purge.day for purge in chain.purges()}
    return {seal.day: seal for seal in chain.seals() if seal.day not in gone}


def _record(chain: Chain, seal: Seal) -> Purge:
    return Purge(
        machine=seal.machine,
        day=seal.day,
        position=chain.next_position,
        previous=chain.digest,
        entries=seal.entries,
        ranges=seal.ranges,
        seal_position=seal.position,
        seal_sha256=chain.record_digest(seal.position),
        file_sha256=seal.file.sha256,
    )
