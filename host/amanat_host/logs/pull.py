"""Pull one machine's journal into its store: follow it, fetch again what is missing, tell how far it is complete."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from amanat_host.errors import HostError
from amanat_host.logs import requests
from amanat_host.logs.entries import Entry
from amanat_host.logs.source import Ends, Following, NoAnswer, Source
from amanat_host.logs.state import Hole, Numbering, Point
from amanat_host.logs.store import Store
from amanat_host.logs.stored_entries import start_of

COMMIT_BYTES = 4 * 1024 * 1024
COMMIT_SECONDS = 0.5
CHECK_SECONDS = 10.0
# Entries are in a machine's journal before its followers are told, by a second at the most.
BEHIND_CHECKS = 3
LOST_ATTEMPTS = 3  # a machine that answered so often without a number has none


class Rewound(HostError):
    """The machine gave numbers that are stored to other entries: it lost its newest ones in a crash."""


class Behind(HostError):
    """The connection no longer brings what the machine has."""


@dataclass
class Timing:
    """How long things take, in seconds; tests take less."""

    commit_seconds: float = COMMIT_SECONDS
    check_seconds: float = CHECK_SECONDS


@dataclass(frozen=True)
class Asked:
    """How far a machine's journal went when it was asked."""

    at: datetime
    ends: Ends

    @property
    def day(self) -> datetime:
        """The moment whose day has begun for the machine: ours, but no more than a day after its newest entry.

        So a wrong clock of ours ends no days that are to come.
        """
        if self.ends.last is None:
            return self.at
        newest = datetime.fromtimestamp(self.ends.last.realtime_us / 1e6, UTC)
        return min(self.at, newest + timedelta(days=1))


class Pull:
    """One machine's journal on its way into its store. A fault ends it; the next one goes on from what is committed."""

    def __init__(self, source: Source, store: Store, timing: Timing | None = None) -> None:
        self._source, self._store = source, store
        self._timing = timing or Timing()
        self._stored: set[str] = set()  # cursors that come again, after a rewind
        self._uncommitted_since: float | None = None
        self._checked = 0.0
        self._awaited: Asked | None = None  # what is not all stored yet
        self._behind = 0
        self._entries_at_check = -1

    def run(self, is_stopped: Callable[[], bool]) -> None:
        """Follow the journal until told to stop. Raises NoAnswer, Rewound, Behind, NotTheFormat or OSError."""
        with self._source.follow(self._start()) as following:
            while not is_stopped():
                self._take(following)
                self._note_if_complete()
                self._commit_if_due()
                self._check_if_due()
        self._store.commit()

    def _start(self) -> str:
        """The cursor to go on from."""
        last = self._store.state.last
        if last is None:
            return requests.HEAD
        found = next(self._source.range(last.cursor), None)
        if found and found.cursor == last.cursor:
            self._stored = self._store.cursors_after(last)
            return last.cursor
        if found and found.numbering == last.numbering and found.number > last.number:
            return found.cursor  # older ones are gone; those that were not stored show as a hole
        ends = self._source.ends()
        if ends.last and ends.last.numbering != last.numbering:
            return requests.cursor(ends.last.numbering, 1)
        return self._rewind()

    def _rewind(self) -> str:
        """Go back to the newest stored entry that the machine still has: what follows it there is other than here."""
        points = self._store.state.recent
        common = next((point for point in reversed(points) if self._is_there(point)), None)
        if common is None:
            return self._begin_again(points[-1].numbering)
        self._stored = self._store.cursors_after(common)
        self._store.state.rewind_to(common)
        self._store.commit()
        return common.cursor

    def _begin_again(self, numbering: str) -> str:
        """Store all that the machine has: it went back further than is remembered, put back whole perhaps."""
        oldest = next(self._source.range(requests.cursor(numbering, 1)), None)
        if oldest is None or oldest.numbering != numbering:
            raise NoAnswer("the machine's journal has nothing of what it had")
        self._stored = set()
        self._store.state.begin_again(numbering, oldest.number)
        self._store.commit()
        return oldest.cursor

    def _is_there(self, point: Point) -> bool:
        found = next(self._source.range(point.cursor), None)
        return found is not None and found.cursor == point.cursor

    def _take(self, following: Following) -> None:
        wait = self._timing.commit_seconds if self._uncommitted_since is not None else self._until_check()
        for entry in following.entries(wait):
            self._take_one(entry)

    def _take_one(self, entry: Entry) -> None:
        state = self._store.state
        if self._is_stored(entry):
            return
        known = state.of(entry.numbering)
        if known and entry.number <= known.last:
            if not known.is_missing(entry.number):
                raise Rewound(f"number {entry.number} came again")
            self._add(entry, is_late=True)
            return
        missing = state.missing_before(entry)
        if missing:
            for one in self._fetch(entry.numbering, *missing, start=missing[0] - 1):
                if not self._is_stored(one):
                    self._add(one)
        self._add(entry)

    def _is_stored(self, entry: Entry) -> bool:
        """Whether the entry itself, and no other of its number, is stored; counted as come then."""
        state = self._store.state
        if state.last and entry.cursor == state.last.cursor:
            return True
        if entry.cursor not in self._stored:
            return False
        self._pass_over(entry)
        return True

    def _pass_over(self, entry: Entry) -> None:
        self._store.state.pass_over(entry, datetime.now(UTC).isoformat())

    def _add(self, entry: Entry, *, is_late: bool = False) -> None:
        self._store.add(entry, is_late=is_late)
        if self._uncommitted_since is None:
            self._uncommitted_since = time.monotonic()
        if self._store.uncommitted_bytes >= COMMIT_BYTES:
            self._commit()

    def _fetch(self, numbering: str, first: int, last: int, start: int) -> Iterator[Entry]:
        """The entries of a range of numbers that the machine still has, read from number `start` on."""
        for entry in self._source.range(requests.cursor(numbering, max(start, 1))):
            if entry.numbering != numbering or entry.number > last:
                return
            if entry.number >= first:
                yield entry

    def _commit_if_due(self) -> None:
        since = self._uncommitted_since
        if since is not None and time.monotonic() - since >= self._timing.commit_seconds:
            self._commit()

    def _commit(self) -> None:
        self._store.commit()
        self._uncommitted_since = None

    def _until_check(self) -> float:
        return max(0.0, self._checked + self._timing.check_seconds - time.monotonic())

    def _check_if_due(self) -> None:
        if self._until_check() == 0:
            self._check()
            self._checked = time.monotonic()

    def _check(self) -> None:
        """Compare what is stored with how far the machine's journal goes; fetch again what is missing."""
        asked_at = datetime.now(UTC)
        ends = self._source.ends()
        self._await(Asked(asked_at, ends))
        self._refuse_a_rewound_journal(ends)
        for numbering, hole in list(self._store.state.open_holes()):
            self._refetch(numbering, hole)
        state = self._store.state
        state.checked_at = asked_at.isoformat()
        self._note_if_complete()
        self._behind = 0 if self._has(ends) or state.entries != self._entries_at_check else self._behind + 1
        self._entries_at_check = state.entries
        self._commit()
        self._store.drop_sealed()
        if self._behind >= BEHIND_CHECKS:
            raise Behind("the machine has entries that do not come")

    def _await(self, asked: Asked) -> None:
        """Take up what is to be stored next, unless an earlier end is still to come: a busy stream is always behind."""
        awaited, last = self._awaited, asked.ends.last
        if not (awaited and awaited.ends.last and last and awaited.ends.last.numbering == last.numbering):
            self._awaited = asked

    def _note_if_complete(self) -> None:
        """Note from when on nothing is missing, once all that the machine had then is stored."""
        if self._awaited and self._has(self._awaited.ends):
            self._store.state.complete_at = self._awaited.at.isoformat()
            self._store.turn_day(self._awaited.day)
            self._awaited = None

    def _refuse_a_rewound_journal(self, ends: Ends) -> None:
        """Whatever was stored before the machine was asked is in its journal, unless it lost it."""
        last = self._store.state.last
        if last and ends.last and ends.last.numbering == last.numbering:
            is_other = ends.last.number == last.number and ends.last.cursor != last.cursor
            if ends.last.number < last.number or is_other:
                raise Rewound(f"the journal ends with number {ends.last.number}")

    def _has(self, ends: Ends) -> bool:
        """Whether all that the machine had is stored, or known to be missing."""
        if ends.last is None:
            return self._store.state.last is None
        known = self._store.state.of(ends.last.numbering)
        return known is not None and known.last >= ends.last.number

    def _stored_of(self, numbering: Numbering, hole: Hole) -> set[str]:
        """The cursors of what may be stored of a hole's numbers: none, unless the journal went back over them."""
        if not any(first <= hole.last and hole.first <= last for first, last in numbering.reused):
            return set()
        return self._store.cursors_after(start_of(self._store.state, hole.first - 1))

    def _refetch(self, numbering: Numbering, hole: Hole) -> None:
        # In a damaged file systemd finds an entry from the one before it and not by its number, or the other way.
        start = (hole.first - 1, hole.first, (hole.first + hole.last) // 2)[hole.attempts % LOST_ATTEMPTS]
        hole.attempts += 1
        stored = self._stored_of(numbering, hole)
        for entry in self._fetch(numbering.id, hole.first, hole.last, start):
            if entry.cursor in stored:
                self._pass_over(entry)
            elif numbering.is_missing(entry.number):
                self._add(entry, is_late=True)
        if hole in numbering.holes and hole.attempts >= LOST_ATTEMPTS:
            hole.lost_at = datetime.now(UTC).isoformat()
