"""Say what is stored of each machine's journal: how far, what is missing; asked to verify, whether the files hold it.

Reads states and files, tells numbers and moments, and no line of a journal.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from amanat_host.answers import logs as answers
from amanat_host.entry import probe
from amanat_host.errors import HostError
from amanat_host.logs import state as states
from amanat_host.logs.state import State
from amanat_host.logs.store import STATE
from amanat_host.logs.verify import verify

PLACE = Path("/var/lib/amanat/logs")


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


def verified() -> answers.VerifiedLogs:
    """What reading all of it says."""
    found = {}
    faults = {}
    for machine in _machines():
        try:
            one = verify(machine)
        except HostError as error:
            found[machine.name], faults[machine.name] = 0, [str(error)]
        else:
            found[machine.name], faults[machine.name] = one.entries, one.faults
    return answers.VerifiedLogs(found, faults)


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
        checked_at=state.checked_at,
        complete_at=state.complete_at,
    )


main = probe(__doc__, {"stored": stored, "verify": verified})
