"""A machine's journal in memory, as journalctl hands it out, with what befalls one."""

import itertools
import struct
from contextlib import contextmanager

from amanat_host.logs.entries import Parser
from amanat_host.logs.source import Ends, NoAnswer

START_US = 1_795_000_000_000_000  # 2026-11-18
IDENTITY = "a" * 32


def exported(number, *, numbering=IDENTITY, mark=0, realtime_us=START_US, fields=()):
    """An entry's bytes. Entries of one number differ by their `mark`; `fields`: name and value, both bytes."""
    head = (
        f"__CURSOR=s={numbering};i={number:x};b={'b' * 32};m=1;t=1;x={mark:x}\n"
        f"__REALTIME_TIMESTAMP={realtime_us}\n__MONOTONIC_TIMESTAMP=1\n__SEQNUM={number}\n__SEQNUM_ID={numbering}\n"
    ).encode()
    fields = fields or ((b"MESSAGE", b"line %d" % number),)
    return head + b"".join(itertools.starmap(field, fields)) + b"\n"


def field(name, value):
    """A field as systemd exports it."""
    if any(byte < 32 and byte != 9 for byte in value):
        return name + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
    return name + b"=" + value + b"\n"


def entry(number, **options):
    """An entry."""
    (made,) = Parser().feed(exported(number, **options))
    return made


class Journal:
    """A source. `hidden` entries are there, and not seen by who follows, as after a race in the machine."""

    def __init__(self, entries=()):
        self.held = list(entries)
        self.hidden = set()
        self.is_away = False
        self.asked = 0
        self.misleading = set()  # numbers from which the machine finds its way to the end only
        self.breaks_after = None  # entries that are handed out before the connection breaks
        self.on_idle = lambda: None

    def write(self, first, last, **options):
        self.held += [entry(number, **options) for number in range(first, last + 1)]

    def _from(self, cursor):
        self.asked += 1
        if self.is_away:
            raise NoAnswer("away")
        if cursor == "head":
            return 0
        parts = dict(part.split("=") for part in cursor.split(";"))
        number = int(parts["i"], 16)
        if number in self.misleading:
            return len(self.held)
        same = [at for at, one in enumerate(self.held) if one.numbering == parts["s"]]
        if not same:
            return 0
        return next((at for at in same if self.held[at].number >= number), len(self.held))

    def range(self, cursor):
        for one in list(self.held[self._from(cursor) :]):
            self._count()
            yield one

    def ends(self):
        self._from("head")
        return Ends(self.held[0], self.held[-1]) if self.held else Ends(None, None)

    @contextmanager
    def follow(self, cursor):
        yield Followed(self, self._from(cursor))

    def _count(self):
        if self.breaks_after is not None:
            if self.breaks_after == 0:
                self.breaks_after = None
                raise NoAnswer("broke")
            self.breaks_after -= 1


class Followed:
    def __init__(self, journal, at):
        self.journal, self.at = journal, at

    def entries(self, wait_seconds):
        journal = self.journal
        if journal.is_away:
            raise NoAnswer("away")
        new, self.at = journal.held[self.at :], len(journal.held)
        for one in new:
            journal._count()
            if one.number not in journal.hidden:
                yield one
        if not new:
            journal.on_idle()
