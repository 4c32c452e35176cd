"""Say how far this machine's journal goes, how far back, and digests of its newest entries; no line of it.

Of sudo's newest recordings, which go into it, it tells digests too.
"""

from __future__ import annotations

from amanat_host.answers import logs as answers
from amanat_host.commands import run_raw
from amanat_host.entry import probe
from amanat_host.errors import HostError
from amanat_host.logs import journal_room, recorded_sessions
from amanat_host.logs.comparison import MOST_ENTRIES
from amanat_host.logs.comparison import recent as digests
from amanat_host.logs.entries import Parser
from amanat_host.logs.requests import commands, cursor

LAST = commands(b"ends\n")[-1]


def end() -> answers.JournalEnd:
    """The newest entry's number. Raises HostError for a journal that has none."""
    entries = list(Parser().feed(run_raw(*LAST)))
    if not entries:
        raise HostError("the journal is empty", "journalctl")
    return answers.JournalEnd(entries[-1].numbering, entries[-1].number)


def recent() -> answers.RecentEntries:
    """Digests of the newest entries. Raises HostError."""
    last = end()
    first = max(last.number - MOST_ENTRIES, 1)
    (command,) = commands(f"range {cursor(last.numbering, first)}\n".encode())
    return digests(Parser().feed(run_raw(*command)), last.numbering)


main = probe(
    __doc__,
    {"end": end, "recent": recent, "recordings": recorded_sessions.read, "room": journal_room.read},
)
