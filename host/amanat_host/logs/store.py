"""A machine's journal as files, one a day: entries are added, and stay once they are committed, whatever is killed.

A day's file is journal export format and nothing else. A commit writes and syncs the file first, then the state, by
renaming a new one into its place: after a crash what lies beyond the committed length is cut off, and asked for again.
"""

from __future__ import annotations

import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

from amanat_host.errors import HostError
from amanat_host.logs import sealed_file
from amanat_host.logs import state as states
from amanat_host.logs.chain import Chain, last_position
from amanat_host.logs.entries import Entry
from amanat_host.logs.layout import STATE, SUFFIX, days, plain_path
from amanat_host.logs.state import Point, State
from amanat_host.logs.stored_entries import stored_entries

# More than a commit and the largest entry together was never uncommitted: then it is the state that is wrong.
MOST_UNCOMMITTED_BYTES = 64 * 1024 * 1024


class FileTooShort(HostError):
    """A day's file has lost what was committed."""


class StateLost(HostError):
    """There are days, and no state that knows of them, or one that is older than they are."""


class InUse(HostError):
    """Another process stores the machine's journal."""


class Store:
    """The files of one machine, open for adding; one writer at a time.

    Days that have ended are sealed by another program, in the directory `sealed`, and are that one's from then on.
    """

    def __init__(self, directory: Path, sealed: Path | None = None) -> None:
        """Take up the state, and cut off what was not committed.

        Raises FileTooShort, StateLost, UnreadableState, InUse or OSError; nothing is cut off then.
        """
        self.directory = directory
        self._sealed = sealed
        self._descriptor: int | None = None
        self._lock = _locked(directory)
        try:
            self.state: State = states.read(directory / STATE)
            self._added = bytearray()
            self._length = self.state.length  # with what is added
            if not (directory / STATE).exists():
                self._begin()
            self._recover()
        except BaseException:
            self.close()
            raise

    @property
    def uncommitted_bytes(self) -> int:
        """What was added since the last commit."""
        return len(self._added)

    def add(self, entry: Entry, *, is_late: bool = False, now: datetime | None = None) -> None:
        """Add an entry to its day; a late one fills a hole. It is stored when `commit` has returned."""
        now = now or datetime.now(UTC)
        self._turn_to(day_of(entry, self.state.day, now))
        self._added += entry.raw
        self._length += len(entry.raw)
        self.state.note(entry, now.isoformat(), self.state.day, self._length, is_late=is_late)

    def commit(self) -> None:
        """Make all that was added last, then the state."""
        if self._added:
            self._write()
        self.state.length = self._length
        self._write_state()

    def turn_day(self, now: datetime) -> None:
        """Begin the day that it is, where the machine was found to have nothing more of the one before."""
        self._turn_to(max(now.strftime("%Y-%m-%d"), self.state.day))

    def drop_sealed(self) -> None:
        """Remove the files of days that are sealed; the state no longer knows of them then. Raises OSError.

        Where their chain is not in order nothing is removed: the sealer tells of that.
        """
        left = [path for path in days(self.directory) if path.name.removesuffix(SUFFIX) < self.state.day]
        if not left or self._sealed is None:
            return
        sealed = _sealed_lengths(self._sealed)
        ended = self.state.ended
        kept = {day: length for day, length in ended.items() if sealed.get(day) != length}
        if kept != ended:
            self.state.ended = kept
            self.commit()
        for path in left:
            day = path.name.removesuffix(SUFFIX)
            if day in sealed and day not in kept:
                path.unlink()

    def close(self) -> None:
        """Let go of the files; what was not committed is gone."""
        self._close_day()
        os.close(self._lock)

    def cursors_after(self, point: Point | None) -> set[str]:
        """The cursors of all that was stored after an entry, or of all."""
        return {entry.cursor for entry in stored_entries(self.directory, self._sealed, self.state, point)}

    def _turn_to(self, day: str) -> None:
        if day == self.state.day:
            return
        if self._added:
            self.commit()
        self._close_day()
        if self._length:
            self.state.ended[self.state.day] = self._length
        self.state.day, self.state.length, self._length = day, 0, 0

    def _close_day(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self) -> None:
        descriptor = self._open()
        view = memoryview(self._added)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
        self._added = bytearray()

    def _open(self) -> int:
        if self._descriptor is None:
            path = self._path(self.state.day)
            is_new = not path.exists()
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._descriptor = os.open(path, flags, 0o640)
            if is_new:
                _sync_directory(self.directory)
        return self._descriptor

    def _write_state(self) -> None:
        path, new = self.directory / STATE, self.directory / f"{STATE}.new"
        with new.open("w", encoding="utf-8") as file:
            file.write(self.state.as_json())
            file.flush()
            os.fsync(file.fileno())
        new.rename(path)
        _sync_directory(self.directory)

    def _begin(self) -> None:
        """Write the first state, before there is anything that it could lack."""
        if days(self.directory) or (self._sealed and last_position(self._sealed)):
            raise StateLost(
                "days are stored here, and there is no state",
                str(self.directory / STATE),
                "Put it back from a copy; nothing is stored of this machine until then.",
            )
        self._write_state()

    def _recover(self) -> None:
        for path in days(self.directory):
            day = path.name.removesuffix(SUFFIX)
            committed = self.state.length if day == self.state.day else None
            if day > self.state.day:
                committed = 0  # begun, and never committed
            if committed is None or path.stat().st_size == committed:
                continue
            if path.stat().st_size < committed:
                raise FileTooShort(
                    f"{path.stat().st_size} bytes are left of {committed}",
                    str(path),
                    "Put the file back from a copy; nothing is stored of this machine until then.",
                )
            if path.stat().st_size - committed > MOST_UNCOMMITTED_BYTES:
                raise StateLost(
                    f"{path.stat().st_size} bytes are stored, and the state knows of {committed}",
                    str(path),
                    "Put the newest state back from a copy; nothing is stored of this machine until then.",
                )
            os.truncate(path, committed)
        if self.state.day and self.state.length and not self._path(self.state.day).exists():
            raise FileTooShort("the day's file is gone", str(self._path(self.state.day)))

    def _path(self, day: str) -> Path:
        return plain_path(self.directory, day)


def day_of(entry: Entry, open_day: str, now: datetime) -> str:
    """The UTC day that an entry is stored in: its own, but none before the open one and none to come.

    So the days of a machine follow the order of its journal, and a wrong clock of its neither reopens a day that has
    ended nor puts an entry where it ends too early.
    """
    own = datetime.fromtimestamp(min(entry.realtime_us / 1e6, now.timestamp()), UTC).strftime("%Y-%m-%d")
    return max(own, open_day)


def _sealed_lengths(directory: Path) -> dict[str, int]:
    """Of each day whose seal is stamped, and whose sealed file is there or purged, how long it was."""
    try:
        chain = Chain.read(directory)
    except HostError:
        return {}
    there = {*sealed_file.sealed_days(directory), *(purge.day for purge in chain.purges())}
    return {
        seal.day: seal.content_bytes
        for seal in chain.seals()
        if seal.day in there and chain.is_stamped(seal.position)
    }


def _locked(directory: Path) -> int:
    """A descriptor that holds the machine's directory. Raises InUse."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise InUse("another process stores this machine's journal", str(directory)) from None
    return descriptor


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
