"""What tests of recordings share: a place for them, a journal, a clock, and the program that sends them."""

from contextlib import closing
from datetime import UTC, datetime

import pytest

from amanat_host.logs import probe, read_recording, send_recordings
from amanat_host.logs.send_recordings import Sender
from amanat_host.logs.sent_parts import SentParts
from amanat_host.logs.store import Store
from tests.unit.host.journal import START_US
from tests.unit.host.recordings.sudo import BEGAN, Journal

ROOM = 1 << 30


@pytest.fixture
def records(tmp_path):
    made = tmp_path / "sudo-io"
    made.mkdir()
    return made


@pytest.fixture
def journal():
    return Journal()


@pytest.fixture
def clock(monkeypatch):
    """The time of day, which a test moves on; a day's worth of bytes grows with `clock.running`."""

    class Clock:
        now, running = BEGAN + 100.0, 0.0

        def later(self, seconds):
            self.now += seconds
            self.running += seconds

    made = Clock()
    monkeypatch.setattr(send_recordings.time, "time", lambda: made.now)
    monkeypatch.setattr(send_recordings.time, "time_ns", lambda: int(made.now * 1e9))
    monkeypatch.setattr(send_recordings.time, "monotonic", lambda: made.running)
    return made


@pytest.fixture
def start(records, journal, tmp_path, clock):  # noqa: ARG001 - the clock is set
    """start() begins the program anew, with what the one before had on the disk."""
    opened = []

    def started(room=ROOM, began_at=0.0):
        for one in opened:
            one.close()
        opened.append(SentParts(tmp_path / "sent.db"))
        return Sender(records, opened[-1], journal, room, began_at)

    yield started
    for one in opened:
        one.close()


@pytest.fixture
def stored_day(journal, monkeypatch, tmp_path):
    """stored_day() stores what the journal has on the log server, as of machine `alpha`."""
    place = tmp_path / "logs"
    for module in (probe, read_recording):
        monkeypatch.setattr(module, "PLACE", place)
        monkeypatch.setattr(module, "SEALED", tmp_path / "log-seals")

    def store():
        (place / "alpha").mkdir(parents=True)
        with closing(Store(place / "alpha")) as opened:
            for one in journal.entries():
                opened.add(one, now=datetime.fromtimestamp(START_US / 1e6, UTC))
            opened.commit()

    return store
