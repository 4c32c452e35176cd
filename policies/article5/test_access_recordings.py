"""Article 5 clause 6-1: what was done as root is on another machine too, as it was recorded."""

from collections.abc import Iterator, Mapping, Sequence

import pytest

from amanat.audit import requirement
from amanat.audit.host import Host
from amanat.audit.waiting import wait_until
from amanat_host import questions
from amanat_host.answers.logs import RecordedSession, RecordedSessions, StoredSession, StoredSessions

ASK_SECONDS = 600
KIB = 1024


@pytest.mark.slow
@requirement("A5-6-1-access", "A7-protection")
def test_what_was_done_as_root_is_stored_as_it_was_recorded(machine: Host, logs: Host, bound):
    """The newest recordings of each account's sessions are on the log server within the bound, byte for byte."""
    recorded: RecordedSessions = machine.ask(questions.JOURNAL_RECORDINGS, seconds=ASK_SECONDS)
    small_bytes = bound("recording_elsewhere_kib").min * KIB

    def stored_well() -> bool:
        stored = sessions_of(machine, logs)
        return not list(differences(recorded.sessions, stored, small_bytes))

    if not wait_until(stored_well, bound("log_arrival_seconds").max):
        stored = sessions_of(machine, logs)
        assert list(differences(recorded.sessions, stored, small_bytes)) == []
    assert compared(recorded.sessions, sessions_of(machine, logs)), "no recording is on both sides"


def sessions_of(machine: Host, logs: Host) -> StoredSessions:
    """What the log server has of a machine's recordings."""
    answer = logs.ask(questions.STORED_RECORDINGS, seconds=ASK_SECONDS)
    assert machine.name not in answer.unreadable, answer.unreadable[machine.name]
    assert machine.name in answer.machines, f"nothing of {machine.name} is stored"
    found: StoredSessions = answer.machines[machine.name]
    return found


def compared(recorded: Sequence[RecordedSession], stored: StoredSessions) -> Sequence[RecordedSession]:
    """The recordings that began after the oldest entry that was looked at: those have to be among them."""
    return [one for one in recorded if one.at > stored.since]


def differences(
    recorded: Sequence[RecordedSession], stored: StoredSessions, small_bytes: float
) -> Iterator[str]:
    """What of a machine's recordings is not on the log server, or is other there."""
    known: Mapping[tuple[str, str], StoredSession] = {(one.name, one.at): one for one in stored.sessions}
    for one in compared(recorded, stored):
        session = f"{one.name} of {one.at}"
        there = known.get((one.name, one.at))
        if there is None:
            yield f"{session} is stored nowhere else"
        elif not there.is_whole:
            yield f"{session} is not stored whole"
        elif there.sha256 != one.sha256:
            yield f"{session} is stored otherwise than it is recorded"
        elif there.left_out_bytes and one.bytes <= small_bytes:
            yield f"{session} is small, and {there.left_out_bytes} bytes of it are stored nowhere else"
