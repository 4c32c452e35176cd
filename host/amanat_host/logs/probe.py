"""Say what is stored of each machine's journal: how far, what is missing and sealed; and whether the files hold it.

Reads states and files, tells numbers and moments, and no line of a journal.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from amanat_host.answers import logs as answers
from amanat_host.entry import probe
from amanat_host.errors import HostError
from amanat_host.logs import sealed_file
from amanat_host.logs import state as states
from amanat_host.logs.chain import Chain
from amanat_host.logs.comparison import MOST_ENTRIES
from amanat_host.logs.comparison import recent as digests
from amanat_host.logs.entries import Entry
from amanat_host.logs.layout import PLACE, SEALED, STATE
from amanat_host.logs.outside_stamps import newest_stamped, waits_since
from amanat_host.logs.state import Hole, State
from amanat_host.logs.stored_entries import start_of, stored_entries
from amanat_host.logs.stored_recordings import sessions
from amanat_host.logs.verify import verify
from amanat_host.logs.verify_seals import every_day, turn_of

AUTHORITY = Path("/etc/amanat/pki/ca.crt")
SEALER_SETTINGS = Path("/etc/amanat/logs/seal.json")
MOST_HOLES = 20  # told of a machine

Told = TypeVar("Told")


def stored() -> answers.StoredLogs:
    """What is stored, by the states alone."""
    streams: dict[str, answers.Stream] = {}
    unreadable: dict[str, str] = {}
    for machine in _machines():
        try:
            stream = _stream(states.read(machine / STATE))
        except HostError as error:
            unreadable[machine.name] = str(error)
            continue
        if stream:
            streams[machine.name] = stream
    return answers.StoredLogs(streams, unreadable)


def recent() -> answers.StoredRecently:
    """Digests of the newest stored entries, to be compared with what the machines have."""
    return answers.StoredRecently(*_of_each(_recent))


def recordings() -> answers.StoredRecordings:
    """sudo's recordings among the newest stored entries, to be compared with what the machines have."""
    return answers.StoredRecordings(*_of_each(lambda machine: sessions(_newest(machine)[1])))


def _of_each(told: Callable[[Path], Told]) -> tuple[dict[str, Told], dict[str, str]]:
    """What is told of each machine, and what stands in the way of those of which it can't be."""
    machines: dict[str, Told] = {}
    unreadable: dict[str, str] = {}
    for machine in _machines():
        try:
            machines[machine.name] = told(machine)
        except (HostError, OSError) as error:
            unreadable[machine.name] = str(error)
    return machines, unreadable


def verified() -> answers.VerifiedLogs:
    """What comparing all of it says; of older sealed days some are read, each in its turn."""
    return _verified(turn_of(datetime.now(UTC).date()))


def verified_whole() -> answers.VerifiedLogs:
    """What reading all of it says."""
    return _verified(every_day)


def _verified(reads: Callable[[str], bool]) -> answers.VerifiedLogs:
    found = {}
    faults = {}
    for machine in _machines():
        try:
            one = verify(machine, SEALED / machine.name, AUTHORITY, reads)
        except HostError as error:
            found[machine.name], faults[machine.name] = 0, [str(error)]
        else:
            found[machine.name], faults[machine.name] = one.entries, one.faults
    return answers.VerifiedLogs(found, faults)


def sealed() -> answers.SealedLogs:
    """What is sealed, by the chains alone."""
    chains: dict[str, answers.SealedChain] = {}
    unreadable: dict[str, str] = {}
    for machine in _machines():
        try:
            chains[machine.name] = _chain(states.read(machine / STATE), Chain.read(SEALED / machine.name))
        except HostError as error:
            unreadable[machine.name] = str(error)
    settings = json.loads(SEALER_SETTINGS.read_text("utf-8"))
    return answers.SealedLogs(
        int(settings["retention_days"]), str(settings.get("outside_url", "")), chains, unreadable
    )


def _chain(state: State, chain: Chain) -> answers.SealedChain:
    stamped = {seal.day for seal in chain.seals() if chain.is_stamped(seal.position)}
    kept = sealed_file.sealed_days(chain.directory)
    waits = waits_since(chain)
    return answers.SealedChain(
        records=[chain.record_digest(record.position) for record in chain.records],
        stamped=sum(chain.is_stamped(record.position) for record in chain.records),
        sealed=len(stamped),
        purged=[purge.day for purge in chain.purges()],
        oldest_kept=next(iter(kept), None),
        unsealed=sorted(state.ended.keys() - stamped),
        open_day=state.day,
        outside_stamped=newest_stamped(chain.directory),
        outside_waits_since=waits.isoformat() if waits else None,
    )


def _recent(machine: Path) -> answers.RecentEntries:
    state, entries = _newest(machine)
    return digests(entries, state.last.numbering if state.last else "")


def _newest(machine: Path) -> tuple[State, list[Entry]]:
    """The newest stored entries, and the state by which they are."""
    try:
        return _newest_by(machine, states.read(machine / STATE))
    except FileNotFoundError:  # a day was sealed meanwhile
        return _newest_by(machine, states.read(machine / STATE))


def _newest_by(machine: Path, state: State) -> tuple[State, list[Entry]]:
    if state.last is None:
        return state, []
    begin = start_of(state, state.last.number - MOST_ENTRIES)
    return state, list(stored_entries(machine, SEALED / machine.name, state, begin))


def _machines() -> list[Path]:
    return sorted(path for path in PLACE.iterdir() if path.is_dir())


def _stream(state: State) -> answers.Stream | None:
    newest = state.numbering
    if newest is None:
        return None
    holes = [hole for numbering in state.numberings for hole in numbering.holes]
    return answers.Stream(
        numbering=newest.id,
        first=newest.first,
        last=newest.last,
        entries=state.entries,
        began_anew=[
            after.began_at
            for before, after in pairwise(state.numberings)
            if before.machine_id == after.machine_id
        ],
        missing=sum(hole.count for hole in holes if hole.lost_at is None),
        lost=sum(hole.count for hole in holes if hole.lost_at is not None),
        reused=sum(last - first + 1 for numbering in state.numberings for first, last in numbering.reused),
        holes=[_told(hole) for hole in holes[-MOST_HOLES:]],
        checked_at=state.checked_at,
        complete_at=state.complete_at,
    )


def _told(hole: Hole) -> answers.MissingNumbers:
    return answers.MissingNumbers(hole.first, hole.last, hole.count, hole.found_at, hole.lost_at)


main = probe(
    __doc__,
    {
        "stored": stored,
        "recent": recent,
        "recordings": recordings,
        "sealed": sealed,
        "verify": verified,
        "verifyall": verified_whole,
    },
)
