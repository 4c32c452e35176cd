"""The newest of sudo's recordings on this machine, as they are now."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from amanat_host.answers.logs import RecordedSession, RecordedSessions
from amanat_host.logs.recording import Recording, digest, listing
from amanat_host.system.recordings import RECORDS, listed
from amanat_host.times import utc

NEWEST = 10  # of each account: sudo drops the end of a long answer


def read(records: Path = RECORDS) -> RecordedSessions:
    """Those that have ended, of each account. Raises OSError."""
    by_account: dict[str, list[str]] = defaultdict(list)
    for name, _ in sorted(listed(records).items(), key=lambda one: one[1]):
        by_account[name.partition("/")[0]].append(name)
    found = []
    for names in by_account.values():
        for name in names[-NEWEST:]:
            recording = Recording.read(records, name)
            if recording and recording.is_closed():
                found.append(_session(recording))
    return RecordedSessions(found)


def _session(recording: Recording) -> RecordedSession:
    contents = recording.contents()
    return RecordedSession(
        name=recording.name,
        at=utc(recording.began),
        bytes=sum(length for length, _ in contents.values()),
        sha256=digest(listing(contents)),
    )
