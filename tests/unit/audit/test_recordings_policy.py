"""What the policy of recordings says: one that is missing, cut or other on the log server is named."""

from dataclasses import replace

import pytest

from amanat.paths import PROJECT_ROOT
from amanat_host.answers.logs import RecordedSession, RecordedSessions, StoredSession, StoredSessions
from tests.loading import load

AT, BEFORE = "2026-11-27T05:00:00Z", "2026-11-27T04:00:00Z"
RECORDED = RecordedSession("deploy/00000A", AT, 5_000, "a" * 64)
STORED = StoredSession("deploy/00000A", AT, is_whole=True, left_out_bytes=0, sha256="a" * 64)
SMALL_BYTES = 10_000


@pytest.fixture(scope="module")
def policy(request):
    for marker in ("requirement", "slow"):
        request.config.addinivalue_line("markers", f"{marker}: of the audit")
    return load(PROJECT_ROOT / "policies/article5/test_access_recordings.py")


@pytest.fixture
def said(policy):
    """said(stored, recorded): what the policy says of one recording."""
    return lambda stored, recorded=RECORDED: list(
        policy.differences(RecordedSessions([recorded]), StoredSessions(BEFORE, {}, stored), SMALL_BYTES)
    )


def test_a_recording_that_is_stored_as_it_is_passes(said):
    assert said([STORED]) == []


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ([], "is stored nowhere else"),
        ([replace(STORED, name="auditor/00000A")], "is stored nowhere else"),
        ([replace(STORED, at="2026-11-27T05:00:01Z")], "is stored nowhere else"),
        ([replace(STORED, is_whole=False)], "is not stored whole"),
        ([replace(STORED, sha256="b" * 64)], "is stored otherwise than it is recorded"),
        ([replace(STORED, left_out_bytes=7)], "is small, and 7 bytes of it are stored nowhere else"),
    ],
)
def test_what_is_wrong_is_told(said, stored, words):
    assert said(stored) == [f"deploy/00000A of {AT} {words}"]


def test_of_a_large_recording_something_may_be_left_out(said):
    large = replace(RECORDED, bytes=SMALL_BYTES + 1)
    assert said([replace(STORED, left_out_bytes=7)], large) == []


def test_what_began_before_what_was_looked_at_is_not_compared(policy, said):
    early = replace(RECORDED, at=BEFORE)
    assert said([], early) == []
    assert not policy.is_compared(RecordedSessions([early]), StoredSessions(BEFORE, {}, []))
    assert policy.is_compared(RecordedSessions([early, RECORDED]), StoredSessions(BEFORE, {}, []))


def test_of_an_account_that_has_more_only_what_is_told_is_compared(policy):
    other = replace(RECORDED, name="auditor/00000A")
    stored = StoredSessions(BEFORE, {"auditor": AT}, [STORED])
    assert list(policy.differences(RecordedSessions([other, RECORDED]), stored, SMALL_BYTES)) == []
    assert not policy.is_compared(RecordedSessions([other]), stored)
