"""What every policy keeps to, beside what the audit itself refuses."""

import re

import pytest

from amanat.paths import PROJECT_ROOT

POLICIES = sorted((PROJECT_ROOT / "policies").glob("*/test_*.py"))
# What somebody else's record changes: a check that compares it finds fault with a busy archive, or none with a bad one.
EVERYBODYS = re.compile(
    r"count\(\*\)\s+FROM\s+archive\.|archive\.counts\(|DESC\s+LIMIT\s+1|\brecords\b[^\"']*FROM\s+archive\.heads",
    re.IGNORECASE,
)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda path: path.stem)
def test_a_policy_looks_for_its_own_records(policy):
    """Audits run side by side, and beside real disclosures and messages."""
    assert EVERYBODYS.findall(policy.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT count(*) FROM archive.disclosures",
        "SELECT coalesce(sum(records), 0) FROM archive.counts() WHERE kind = 'message'",
        "SELECT order_number FROM archive.disclosures ORDER BY id DESC LIMIT 1",
        "SELECT records FROM archive.heads()",
        "select records > %s and archive.lag_seconds() = 0 from archive.heads()",
    ],
)
def test_what_is_everybodys_is_known(text):
    assert EVERYBODYS.search(text)
