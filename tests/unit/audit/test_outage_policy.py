"""What the policy of outages says of a machine's journal: what cuts it short is named, a young one passes."""

import time
from dataclasses import replace

import pytest

from amanat.paths import PROJECT_ROOT
from amanat_host.answers.logs import JournalRoom
from amanat_host.times import DAY_SECONDS, utc
from tests.loading import load

MIB = 1 << 20
PATH = PROJECT_ROOT / "policies/article5/test_access_log_elsewhere.py"
WHOLE = JournalRoom(
    oldest_at="2026-01-01T00:00:00Z",
    oldest_number=5000,
    used_bytes=2000 * MIB,
    given_bytes=2048 * MIB,
    limits_bytes={"SystemKeepFree": 9000 * MIB, "journald as it runs": 2048 * MIB},
    kept_seconds=0,
)


@pytest.fixture(scope="module")
def said(request):
    """said(**changes): what the policy says of a journal that differs so, where the bound is a day."""
    for marker in ("requirement", "slow"):
        request.config.addinivalue_line("markers", f"{marker}: of the audit")
    policy = load(PATH)
    return lambda **changes: list(policy.shortcomings(replace(WHOLE, **changes), 1))


def ago(days):
    return utc(time.time() - days * DAY_SECONDS)


def test_a_full_journal_that_reaches_back_further_than_the_bound_passes(said):
    assert said() == []
    assert said(oldest_at=ago(1.1)) == []


def test_a_young_machine_that_has_thrown_nothing_away_passes(said):
    assert said(oldest_at=ago(0.01), oldest_number=1) == []


def test_a_full_journal_that_reaches_back_less_is_told(said):
    assert said(oldest_at=ago(0.5)) == [
        "the journal reaches back 12.0 hours only; what was before is thrown away"
    ]


@pytest.mark.parametrize("name", ["SystemKeepFree", "SystemMaxFiles", "journald as it runs"])
def test_a_limit_below_the_room_is_told_by_its_name_even_of_a_young_machine(said, name):
    assert said(oldest_number=1, limits_bytes={name: 256 * MIB}) == [
        f"{name} leaves the journal 256 of the 2048 MiB that it was given; it takes 2000"
    ]


def test_an_age_at_which_entries_go_counts_when_it_is_shorter_than_the_bound(said):
    assert said(kept_seconds=DAY_SECONDS) == []
    assert said(kept_seconds=3600) == ["MaxRetentionSec removes entries that are 1.0 hours old"]
