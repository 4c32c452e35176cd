"""Services that keep records: none is moved or left out by an edit of the placement."""

import pytest

from amanat.stateful_services import WouldLeaveRecords, _Placements, refuse_to_leave_records

BEFORE = {"store": "alpha", "vault": "beta"}


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"store": "gamma", "vault": "beta"}, "store would move to gamma, and its records lie on alpha"),
        ({"store": "beta", "vault": "alpha"}, "store would move to beta"),
        ({"store": "alpha"}, "vault would be left out, and its records lie on beta"),
        ({}, "store would be left out"),
    ],
)
def test_a_service_does_not_leave_its_records(now, said):
    with pytest.raises(WouldLeaveRecords, match=said) as refused:
        refuse_to_leave_records(BEFORE, now)
    assert "Put " in str(refused.value)
    for asked in (_Placements().diff, _Placements().update):
        with pytest.raises(WouldLeaveRecords):
            asked("id", {"machines": BEFORE}, {"machines": now})


def test_a_service_may_come():
    now = {**BEFORE, "logs": "beta"}
    difference = _Placements().diff("id", {"machines": BEFORE}, {"machines": now})
    assert (difference.changes, difference.replaces) == (True, [])
    assert _Placements().update("id", {"machines": BEFORE}, {"machines": now}).outs == {"machines": now}


def test_nothing_changes_while_all_stay():
    assert not _Placements().diff("id", {"machines": BEFORE}, {"machines": dict(BEFORE)}).changes
