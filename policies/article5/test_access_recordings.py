"""Article 5 clause 6-1: what was done as root is on another machine too, as it was recorded."""

from collections.abc import Iterator, Mapping

import pytest

from amanat.audit import requirement
from amanat.audit.host import Host
from amanat.audit.waiting import wait_until
from amanat_host import questions
from amanat_host.answers.logs import RecordedSessions, StoredSession, StoredSessions

ASK_SECONDS = 600
KIB = 1024


@pytest.mark.slow
@requirement("A5-6-1-access", "A7-protection")
def test_what_was_done_as_root_is_stored_as_it_was_recorded(machine: Host, logs: Host, bound):
    """The newest recordings of each account's sessions are on the log server within the bound, byte for byte."""
    recorded: RecordedSessions = machine.ask(questions.JOURNAL_RECORDINGS, seconds=ASK_SECONDS)
    small_bytes = bound("recording_elsewhere_kib").min * KIB

    asked: list[
        StoredSessions
    ] = []  # each answer reads all that is new on the log server, so the last one is kept

    def differing() -> list[str]:
        asked.append(sessions_of(machine, logs))
        return list(differences(recorded, asked[-1], small_bytes))

    wait_until(lambda: not differing(), bound("log_arrival_seconds").max)
    assert list(differences(recorded, asked[-1], small_bytes)) == []
    assert is_compared(recorded, asked[-1]), "no recording is on both sides"


def sessions_of(machine: Host, logs: Host) -> StoredSessions:
    """What the log server has of a machine's recordings."""
    answer = logs.ask(questions.STORED_RECORDINGS, seconds=ASK_SECONDS)
    assert machine.name not in answer.unreadable, answer.unreadable[machine.name]
    assert machine.name in answer.machines, f"nothing of {machine.name} is stored"
    found: StoredSessions = answer.machines[machine.name]
    return found


def is_compared(recorded: RecordedSessions, stored: StoredSessions) -> bool:
    """Whether there is a recording that has to be among the stored ones that are told."""
    return any(one.at > since(one.name, stored) for one in recorded.sessions)


def since(name: str, stored: StoredSessions) -> str:
    """The moment after which every recording of an account is told, if it is stored."""
    return max(stored.since, stored.left_out_until.get(name.partition("/")[0], ""))


def differences(recorded: RecordedSessions, stored: StoredSessions, small_bytes: float) -> Iterator[str]:
    """What of a machine's recordings is not on the log server, or is other there."""
    known: Mapping[str, StoredSession] = {f"{one.name} of {one.at}": one for one in stored.sessions}
    for one in recorded.sessions:
        session = f"{one.name} of {one.at}"
        if one.at <= since(one.name, stored):
            continue
        if session not in known:
            yield f"{session} is stored nowhere else"
            continue
        there = known[session]
        if not there.is_whole:
            yield f"{session} is not stored whole"
        elif there.sha256 != one.sha256:
            yield f"{session} is stored otherwise than it is recorded"
        elif there.left_out_bytes and one.bytes <= small_bytes:
            yield f"{session} is small, and {there.left_out_bytes} bytes of it are stored nowhere else"
