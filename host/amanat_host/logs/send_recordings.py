"""Put sudo's recordings into the journal, from where the log server fetches them, while their sessions go on.

recordings-send --journal-mib MIB

How much of one recording is sent, and how much of all in a day, are shares of the journal's room, so that a session
that prints without end does not push out what everybody else has logged. What is left out of a recording is told, and
stays on this machine; what comes too fast waits for its turn.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from amanat_host.entry import program
from amanat_host.errors import Exit, HostError
from amanat_host.jobs import repeat_until_stopped
from amanat_host.logs.journald import Journal, Journald
from amanat_host.logs.new_recordings import NewRecordings, newest_last
from amanat_host.logs.recording import PART_BYTES, Part, Piece, Recording, datagram, entry
from amanat_host.logs.sent_parts import Doubted, Progress, SentParts
from amanat_host.system.recordings import RECORDS, place
from amanat_host.times import DAY_SECONDS

NOTES = Path("/var/lib/amanat/recordings")
STATE = "sent.db"
COMPLETE = "complete"  # changed whenever all was sent
RUNTIME = Path("/run")
INTERVAL_SECONDS = 2.0
TURN_SECONDS = 0.5  # for what was there before, after which sessions that have begun meanwhile come first
AGAIN_SECONDS = 5.0  # after which a part that the journal doesn't have is sent again
MIB = 1 << 20
SHARE_OF_ONE = 256  # of the journal's room: 8 MiB of 2 GiB, packed as sudo packs it
SHARE_OF_A_DAY = 16


@dataclass
class Allowance:
    """How many bytes may be sent: a day's worth at once, and as much again within a day."""

    day_bytes: int
    left: float
    at: float

    @classmethod
    def full(cls, day_bytes: int, now: float) -> Allowance:
        """A whole day's."""
        return cls(day_bytes, day_bytes, now)

    def take(self, count: int, now: float) -> bool:
        """Whether so many bytes may be sent now; they are taken off then."""
        grown = max(now - self.at, 0.0) * self.day_bytes / DAY_SECONDS
        self.left, self.at = min(self.left + grown, self.day_bytes), now
        if self.left < count:
            return False
        self.left -= count
        return True


def say(text: str) -> None:
    """Tell the service's own log."""
    sys.stderr.write(f"{text}\n")


class Sender:
    """Sends what is new of all recordings, a step at a time.

    `began_at` is when this system began to run (Unix time): a recording that was not ended before, never will be.
    """

    def __init__(
        self, records: Path, sent: SentParts, journal: Journal, room_bytes: int, began_at: float
    ) -> None:
        self._records, self._sent, self._journal, self._began_at = records, sent, journal, began_at
        self._most_bytes = room_bytes // SHARE_OF_ONE
        self._allowance = Allowance.full(room_bytes // SHARE_OF_A_DAY, time.monotonic())
        self._new = NewRecordings(records)
        self._unread: set[str] = set()  # names
        self._before: list[str] | None = (
            None  # names of what the first step found, the newest last; None before it
        )
        self._open: dict[tuple[str, int], tuple[Recording, Progress]] = {}
        self._told: set[tuple[str, int]] = set()  # of which it was said that something is left out
        self._is_waiting = self._is_behind = False

    def step(self) -> bool:
        """Look for what is new, note it, send it, and send again what the journal doesn't have.

        Returns whether nothing is left behind. Raises OSError or HostError; nothing is lost then.
        """
        now = time.time()
        self._find()
        again = self._missing(now)
        with self._sent.at_once():
            for part in again:
                self._sent.sent_again(part, now)
            planned = list(self._plan(now))
        for part in (*again, *planned):
            self._send(part)
        return not again and not self._is_behind

    def _find(self) -> None:
        """Take up recordings that are new, and those that were not sent whole."""
        found = self._new.find(time.time_ns())
        if self._before is None:
            self._sent.forget_all_but(found)
            self._before, found = newest_last(found), set()
        self._unread |= found
        self._unread -= {name for name in self._unread if not self._is_left(name)}
        until = time.monotonic() + TURN_SECONDS
        while self._before and time.monotonic() <= until:
            name = self._before.pop()
            if self._is_left(name):
                self._unread.add(name)

    def _is_left(self, name: str) -> bool:
        """Take up a recording; whether it is there and sudo has not written yet whose it is."""
        recording = Recording.read(self._records, name)
        if recording:
            self._take_up(recording)
        return not recording and (self._records / place(name)).is_dir()

    def _take_up(self, recording: Recording) -> None:
        key = recording.name, recording.began
        progress = self._sent.progress(*key)
        if not progress.is_done and key not in self._open:
            for other in [one for one in self._open if one[0] == recording.name]:
                del self._open[other]  # sudo has written over it
            self._open[key] = (recording, progress)

    def _missing(self, now: float) -> list[Part]:
        """The parts that were sent and that the journal doesn't have."""
        doubted = self._sent.doubted()
        if not doubted:
            return []
        there = self._journal.parts_since(min(now, *(one.sent_at for one in doubted)) - 1)
        self._sent.arrived([one.part for one in doubted if one.part.key in there], now)
        return [one.part for one in doubted if one.part.key not in there and _is_late(one, now)]

    def _plan(self, now: float) -> Iterator[Part]:
        """What is new, the newest recordings first; each part is noted."""
        was_waiting, self._is_waiting = self._is_waiting, False
        self._is_behind = True
        until = time.monotonic() + TURN_SECONDS
        for key in sorted(self._open, key=lambda one: one[1], reverse=True):
            if self._is_waiting or time.monotonic() > until:
                break
            recording, progress = self._open[key]
            if not recording.path.is_dir():
                say(f"{recording.name} is gone; {progress.parts} parts of it were sent")
                del self._open[key]
                continue
            parts = self._parts(recording, progress)
            if parts:
                self._sent.plan(*key, progress, parts, now)
            if progress.is_done:
                del self._open[key]
            yield from parts
        else:
            self._is_behind = self._is_waiting or bool(self._before)
        if self._is_waiting and not was_waiting:
            say("recordings wait: more came than may be sent in a day")

    def _parts(self, recording: Recording, progress: Progress) -> list[Part]:
        """The next parts of a recording, which `progress` counts as sent then."""
        ended = (
            recording.is_closed() or recording.written_at() < self._began_at
        )  # before its files are looked at
        parts: list[Part] = []
        is_whole = True
        for pieces in self._pieces(recording, progress):
            part = Part(recording.name, recording.began, progress.parts + 1, tuple(pieces))
            if not self._allowance.take(part.length, time.monotonic()):
                self._is_waiting, is_whole = True, False
                break
            progress.parts += 1
            for piece in pieces:
                progress.positions[piece.file] = piece.start + piece.length
            parts.append(part)
        if ended and is_whole:
            progress.is_done = True
            last = parts.pop() if parts else None
            progress.parts += not last
            parts.append(
                Part(
                    recording.name, recording.began, progress.parts, last.pieces if last else (), is_last=True
                )
            )
        return parts

    def _pieces(self, recording: Recording, progress: Progress) -> Iterator[list[Piece]]:
        """What is new of a recording's files, as much together as fits into a part; no more than may be sent of one."""
        pieces: list[Piece] = []
        room, left = PART_BYTES, self._most_bytes - progress.sent_bytes
        for file, size in recording.sizes().items():
            start = progress.positions.get(file, 0)
            while start < size and left > 0:
                length = min(size - start, room, left)
                pieces.append(Piece(file, start, length))
                start, room, left = start + length, room - length, left - length
                if not room:
                    yield pieces
                    pieces, room = [], PART_BYTES
            if start < size:
                self._tell_left_out(recording)
        if pieces:
            yield pieces

    def _tell_left_out(self, recording: Recording) -> None:
        key = recording.name, recording.began
        if key not in self._told:
            self._told.add(key)
            say(
                f"{recording.name} is larger than {self._most_bytes} bytes; the rest of it stays on this machine"
            )

    def _send(self, part: Part) -> None:
        """Send a part that is noted; one that its recording no longer has is given up."""
        try:
            recording = Recording.read(self._records, part.name)
            if recording is None or recording.began != part.began:
                raise FileNotFoundError
            made = entry(recording, part)
        except (FileNotFoundError, EOFError, ValueError):
            say(f"part {part.number} of {part.name} can't be sent: it is no longer on the disk")
            self._sent.give_up(part)
        else:
            self._journal.send(datagram(made))


def _is_late(one: Doubted, now: float) -> bool:
    """Whether a part should be there by now; a clock may have gone back."""
    return abs(now - one.sent_at) >= AGAIN_SECONDS


def system_began_at(runtime: Path = RUNTIME) -> float:
    """When this system began to run, which in a container is not the kernel's time (Unix time). Raises OSError.

    /run is empty then: it is the age of what has been there longest. The first process is hidden from us.
    """
    own = runtime.stat().st_dev  # what is mounted there may be older
    facts = [path.lstat() for path in (*runtime.iterdir(), *(runtime / "systemd").iterdir())]
    return min(one.st_ctime for one in facts if one.st_dev == own)


def send_until_stopped(step: Callable[[], None]) -> int:
    """Do steps until a signal, which ends one that runs a child by SystemExit (`processes`); that is in order too.

    Raises HostError where nothing can be noted: then nothing may be sent.
    """
    try:
        with suppress(SystemExit):
            repeat_until_stopped(step, INTERVAL_SECONDS)
    except sqlite3.Error as error:
        raise HostError(f"what is sent can't be noted: {error}", str(NOTES / STATE)) from error
    return Exit.DONE


@program
def main() -> int:
    """Send until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journal-mib", type=int, required=True)
    given = parser.parse_args()
    if given.journal_mib < 1:
        raise HostError("the journal's room is a number of MiB", "--journal-mib")
    with closing(SentParts(NOTES / STATE)) as sent, closing(Journald()) as journal:
        sender = Sender(RECORDS, sent, journal, given.journal_mib * MIB, system_began_at())

        def step() -> None:
            if sender.step():
                (NOTES / COMPLETE).touch()

        return send_until_stopped(step)
