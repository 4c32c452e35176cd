"""When a timer is due: told by systemd, now while its service runs, never where neither is so."""

import time

import pytest

from amanat.audit import timers
from amanat.audit.timers import hours_until_due


class FakeHost:
    """A host whose timer tells these next times (microseconds), one after the other; and the state of its service."""

    def __init__(self, *told, state="dead"):
        self.told, self.state = list(told), state

    def json(self, command):
        assert command == "systemctl list-timers --all --output=json x.timer"
        return self.told.pop(0) if len(self.told) > 1 else self.told[0]

    def read(self, command):
        assert command == "systemctl show --property=SubState --value x.service"
        return f"{self.state}\n"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(timers, "PATIENCE_SECONDS", 0.3)


def due(hours):
    return [{"next": int((time.time() + hours * 3600) * 1e6)}]


def test_the_next_time_is_told_in_hours():
    assert hours_until_due(FakeHost(due(6)), "x") == pytest.approx(6, abs=0.01)


def test_what_runs_is_due_now():
    assert hours_until_due(FakeHost([{"next": None}], state="start"), "x") == 0


def test_a_run_that_ended_between_both_questions_is_looked_at_again():
    assert hours_until_due(FakeHost([{"next": 0}], due(2)), "x") == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize(
    ("told", "state"),
    [([], "dead"), ([{"next": None}], "dead"), ([{"next": None}], "failed"), (due(2), "exited")],
)
def test_a_timer_that_starts_nothing_any_more_is_a_finding(told, state):
    with pytest.raises(AssertionError, match=r"x\.timer will not start it again"):
        hours_until_due(FakeHost(told, state=state), "x")
