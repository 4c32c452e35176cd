"""Say how far this machine's journal goes: the number of its newest entry; `room`: how far back. No line is told."""

from __future__ import annotations

from amanat_host.answers import logs as answers
from amanat_host.commands import run_raw
from amanat_host.entry import probe
from amanat_host.errors import HostError
from amanat_host.logs import journal_room
from amanat_host.logs.entries import Parser
from amanat_host.logs.requests import commands

LAST = commands(b"ends\n")[-1]


def end() -> answers.JournalEnd:
    """The newest entry's number. Raises HostError for a journal that has none."""
    entries = list(Parser().feed(run_raw(*LAST)))
    if not entries:
        raise HostError("the journal is empty", "journalctl")
    return answers.JournalEnd(entries[-1].numbering, entries[-1].number)


main = probe(__doc__, {"": end, "room": journal_room.read})
