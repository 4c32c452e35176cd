"""What was sent of each recording, on the disk: a part is noted first, then sent, and doubted until the journal has it.

So a kill at any moment loses nothing: what is doubted is looked for in the journal, and sent again, byte for byte and
with its number, where it is not there. A machine that crashes loses the journal's newest entries, which is why parts
are remembered for a while longer, and looked for again after each start.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, field
from pathlib import Path

from amanat_host.errors import HostError
from amanat_host.logs.recording import Part, Piece

# Twice what journald has not synced to the disk at most (SyncIntervalSec, five minutes by default).
REMEMBER_SECONDS = 600
TABLES = """
CREATE TABLE IF NOT EXISTS recording
    (name TEXT, began INTEGER, parts INTEGER, positions TEXT, is_done INTEGER, PRIMARY KEY (name, began));
CREATE TABLE IF NOT EXISTS part
    (name TEXT, began INTEGER, number INTEGER, pieces TEXT, is_last INTEGER, sent_at REAL, is_there INTEGER,
     PRIMARY KEY (name, began, number));
"""


@dataclass
class Progress:
    """How much of a recording was sent: the number of parts, and up to where of each file, in bytes."""

    parts: int = 0
    positions: dict[str, int] = field(default_factory=dict)
    is_done: bool = False

    @property
    def sent_bytes(self) -> int:
        """What was sent of all files."""
        return sum(self.positions.values())


@dataclass(frozen=True)
class Doubted:
    """A part that may not be in the journal, and when it was last sent (Unix time)."""

    part: Part
    sent_at: float


class SentParts:
    """The memory of what was sent; one program at a time uses it."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it. Whatever was sent lately is doubted anew. Raises HostError."""
        try:
            self._database = sqlite3.connect(path, isolation_level=None)
            # The file beside it stays, empty: the audit knows it.
            self._database.execute("PRAGMA journal_mode = TRUNCATE")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(TABLES)
            self._database.execute("UPDATE part SET is_there = 0")
        except sqlite3.Error as error:
            raise HostError(
                f"what was sent can't be read: {error}",
                str(path),
                "Remove it: all recordings are sent again.",
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def progress(self, name: str, began: int) -> Progress:
        """How much of a recording was sent."""
        with closing(
            self._database.execute(
                "SELECT parts, positions, is_done FROM recording WHERE name = ? AND began = ?", (name, began)
            )
        ) as rows:
            row = rows.fetchone()
        return Progress(row[0], json.loads(row[1]), bool(row[2])) if row else Progress()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """All that is noted within is on the disk together at the end, or nothing of it is."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            self._database.execute("ROLLBACK")
            raise

    def plan(self, name: str, began: int, progress: Progress, parts: Iterable[Part], now: float) -> None:
        """Note parts that are to be sent, and how far the recording is sent with them; `at_once`, that is."""
        self._database.execute(
            "INSERT OR REPLACE INTO recording VALUES (?, ?, ?, ?, ?)",
            (name, began, progress.parts, json.dumps(progress.positions), progress.is_done),
        )
        for part in parts:
            pieces = json.dumps([astuple(piece) for piece in part.pieces])
            self._database.execute(
                "INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?, ?, ?, 0)",
                (*part.key, pieces, part.is_last, now),
            )

    def doubted(self) -> list[Doubted]:
        """The parts of which it isn't known that the journal has them, in their order."""
        with closing(
            self._database.execute(
                "SELECT name, began, number, pieces, is_last, sent_at FROM part WHERE NOT is_there ORDER BY rowid"
            )
        ) as rows:
            return [
                Doubted(
                    Part(
                        name, began, number, tuple(Piece(*one) for one in json.loads(pieces)), bool(is_last)
                    ),
                    sent_at,
                )
                for name, began, number, pieces, is_last, sent_at in rows
            ]

    def sent_again(self, part: Part, now: float) -> None:
        """A part was sent once more."""
        self._database.execute(
            "UPDATE part SET sent_at = ? WHERE name = ? AND began = ? AND number = ?", (now, *part.key)
        )

    def arrived(self, parts: Iterable[Part], now: float) -> None:
        """The journal has these; of those that it has had for long nothing more is remembered."""
        with self.at_once():
            self._database.executemany(
                "UPDATE part SET is_there = 1 WHERE name = ? AND began = ? AND number = ?",
                [part.key for part in parts],
            )
            self._database.execute(
                "DELETE FROM part WHERE is_there AND sent_at < ?", (now - REMEMBER_SECONDS,)
            )

    def give_up(self, part: Part) -> None:
        """A part can't be sent any more."""
        self._database.execute("DELETE FROM part WHERE name = ? AND began = ? AND number = ?", part.key)

    def forget_all_but(self, names: Iterable[str]) -> None:
        """Forget recordings that are no longer on the disk."""
        there = set(names)
        with closing(self._database.execute("SELECT DISTINCT name FROM recording")) as rows:
            gone = [(name,) for (name,) in rows if name not in there]
        with self.at_once():
            self._database.executemany("DELETE FROM recording WHERE name = ?", gone)
            self._database.executemany("DELETE FROM part WHERE name = ?", gone)
