"""Compare a machine's sealed days with their seals: each record, its stamp, its file; and name what is other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from amanat_host.errors import HostError
from amanat_host.logs import chain as chains
from amanat_host.logs import outside_stamps, sealed_file, stamps
from amanat_host.logs.chain import NumberRange, Purge, Record, Seal
from amanat_host.logs.purging import LEAST_DAYS, age_days

RECENT_DAYS = 8
TURN_DAYS = 30


def every_day(_day: str) -> bool:
    """Read each day's content."""
    return True


def turn_of(today: date) -> Callable[[str], bool]:
    """Read the newest days' content, and of the older ones those whose turn is today: each once in thirty days.

    Reading takes about 5 seconds for a million entries; all days of six months would be too much for each audit.
    """

    def reads(day: str) -> bool:
        age = (today - date.fromisoformat(day)).days
        return age <= RECENT_DAYS or age % TURN_DAYS == 0

    return reads


@dataclass
class SealedDays:
    """What the chain holds: entries and numbers of all days, the SHA-256 of each one's content, and what is wrong.

    `unsealed` are days whose file is there, and no record of them.
    """

    entries: int = 0
    ranges: list[NumberRange] = field(default_factory=list)
    contents: dict[str, str] = field(default_factory=dict)
    unsealed: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


@dataclass
class _Chain:
    """The records that can be read, by place, and their digests."""

    records: dict[int, Record] = field(default_factory=dict)
    digests: dict[int, str] = field(default_factory=dict)


def verify_seals(
    directory: Path,
    machine: str,
    authority: Path,
    reads: Callable[[str], bool] = every_day,
    outside_authority: Path = outside_stamps.AUTHORITY,
) -> SealedDays:
    """Compare all that is sealed of a machine. Raises OSError.

    Every file is compared with its digests; days of which `reads` is true are unpacked and read, too: a file that is
    what was sealed holds something else than its seal says only where the sealer itself was not ours.

    `outside_authority` is the file with who signs for a server of time stamps outside the stack; where there is none,
    no such server is chosen, and stamps of an earlier one are not looked at.
    """
    found = SealedDays()
    last = chains.last_position(directory)
    chain = _read(directory, last, found)
    for position, record in chain.records.items():
        found.faults += _faults_of_record(chain, position, machine)
        found.faults += _faults_of_stamp(directory, chain, position, last, authority)
        if isinstance(record, Purge):
            found.faults += _faults_of_purge(directory, chain, record)
    if outside_authority.exists():
        for path in outside_stamps.outside_stamps(directory):
            found.faults += _faults_of_outside_stamp(chain, path, outside_authority)
    purged = {record.day for record in chain.records.values() if isinstance(record, Purge)}
    for record in chain.records.values():
        if isinstance(record, Seal):
            found.entries += record.entries
            found.ranges += record.ranges
            found.contents[record.day] = record.content_sha256
            is_purged = record.day in purged
            found.faults += _faults_of_file(directory, record, is_purged=is_purged, is_read=reads(record.day))
    found.unsealed = {*sealed_file.sealed_days(directory)} - found.contents.keys()
    return found


def _read(directory: Path, last: int, found: SealedDays) -> _Chain:
    chain = _Chain()
    for position in range(1, last + 1):
        path = chains.record_path(directory, position)
        try:
            data = path.read_bytes()
            chain.records[position] = chains.from_bytes(data)
            chain.digests[position] = chains.sha256(data)
        except FileNotFoundError:
            found.faults.append(
                f"record {position} of the sealed days is gone{_between(directory, position)}"
            )
        except HostError as error:
            found.faults.append(f"record {position} of the sealed days: {error}")
    return chain


def _between(directory: Path, position: int) -> str:
    """Which days a record stood between, for the reader."""
    names = []
    for other in (position - 1, position + 1):
        try:
            names.append(chains.from_bytes(chains.record_path(directory, other).read_bytes()).day)
        except (HostError, OSError):
            names.append("")
    before, after = names
    return f", between {before or 'the beginning'} and {after or 'the end'}"


def _faults_of_record(chain: _Chain, position: int, machine: str) -> list[str]:
    record = chain.records[position]
    faults = []
    if (record.machine, record.position) != (machine, position):
        faults.append(
            f"record {position} is that of place {record.position} of {record.machine} ({record.day})"
        )
    before = chain.digests.get(position - 1) if position > 1 else ""
    if before is not None and record.previous != before:
        faults.append(f"record {position} ({record.day}) does not follow the one before it")
    return faults


def _faults_of_stamp(directory: Path, chain: _Chain, position: int, last: int, authority: Path) -> list[str]:
    path = chains.stamp_path(directory, position)
    name = f"record {position} ({chain.records[position].day})"
    if not path.exists():
        return [f"{name} has no stamp"] if position < last else []  # the last one may be waiting for it
    return _faults_of_reply(chain, position, path, authority, f"the stamp of {name}")


def _faults_of_outside_stamp(chain: _Chain, path: Path, authority: Path) -> list[str]:
    position = outside_stamps.place_of(path)
    if position not in chain.records:
        return [f"an outside stamp of record {position} is there, and no such record"]
    name = f"the outside stamp of record {position} ({chain.records[position].day})"
    return _faults_of_reply(chain, position, path, authority, name)


def _faults_of_reply(chain: _Chain, position: int, path: Path, authority: Path, name: str) -> list[str]:
    try:
        stamp = stamps.verify(path.read_bytes(), authority)
    except HostError as error:
        return [f"{name} is none: {error}"]
    if stamp.imprint == chain.digests[position]:
        return []
    others = [place for place, digest in chain.digests.items() if digest == stamp.imprint]
    if others:
        return [f"{name} is that of record {others[0]}"]
    return [f"{name} is of something else, or the record was changed since"]


def _faults_of_purge(directory: Path, chain: _Chain, purge: Purge) -> list[str]:
    name = f"the record of the purge of {purge.day}"
    seal = chain.records.get(purge.seal_position)
    if not isinstance(seal, Seal) or chain.digests[purge.seal_position] != purge.seal_sha256:
        return [f"{name} is of no seal that is here"]
    if (seal.day, seal.entries, seal.ranges) != (purge.day, purge.entries, purge.ranges):
        return [f"{name} tells of something else than the day's seal"]
    is_gone = not sealed_file.sealed_path(directory, purge.day).exists()
    if is_gone and not chains.stamp_path(directory, purge.position).exists():
        return [f"{purge.day} is gone, and {name} has no stamp"]  # a purge is stamped before the file goes
    try:
        at = stamps.read(chains.stamp_path(directory, purge.position).read_bytes()).at
    except (HostError, OSError):
        return []  # told where the stamps are
    age = age_days(purge.day, at)
    return [f"{purge.day} was purged after {age} days, before its time"] if age <= LEAST_DAYS else []


def _faults_of_file(directory: Path, seal: Seal, *, is_purged: bool, is_read: bool) -> list[str]:
    path = sealed_file.sealed_path(directory, seal.day)
    if not path.exists():
        return [] if is_purged else [f"{seal.day} is gone: no sealed file, and no purge of it"]
    altered = sealed_file.first_altered(path, seal.file)
    if altered:
        return [f"bytes {altered[0]} to {altered[1]} of {path.name} are not those that were sealed"]
    if not is_read:
        return []
    try:
        content = sealed_file.read(path)
        read = (content.end(), content.size_bytes, content.entries, tuple(content.ranges))
    except (HostError, OSError) as error:
        return [f"{path.name}: {error}"]
    sealed = (seal.content_sha256, seal.content_bytes, seal.entries, seal.ranges)
    return [] if read == sealed else [f"{path.name} holds something else than its seal says"]
