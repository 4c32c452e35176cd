"""Article 5 clause 6-1: a copy counts only when it was restored.

What the vault has on record is a line that its root can write. What is measured are the values of the newest drill that
a controller ran and signed; the record must be of that drill.
"""

import json

import pytest

from amanat.audit import requirement
from amanat.audit.drills import SignedDrill
from amanat.audit.timing import age_seconds
from amanat_host.times import DAY_SECONDS

DRILLS = "/var/lib/amanat/drills/drills.jsonl"


@pytest.fixture(scope="module")
def record(vault):
    """What the vault has on record of the last drill."""
    last = vault.run("tail -n 1 %s", DRILLS)
    assert last.rc == 0, "no restore was ever drilled: run `make drill`"
    return json.loads(last.stdout)


@pytest.fixture(scope="module")
def drill(signed_drill: SignedDrill):
    """How the last signed drill ended."""
    return signed_drill.values


@requirement("A5-6-1-durable", "A5-6-1-integrity")
def test_the_drill_on_record_was_signed(record, signed_drill: SignedDrill):
    """The vault's record is of the newest drill that the stack's evidence key signed, value for value."""
    assert signed_drill.problems == ()
    assert signed_drill.differs(record) == {}, "the vault's record is not of the newest signed drill"


@requirement("A5-6-1-durable")
def test_a_restore_was_drilled_lately(record, signed_drill: SignedDrill, bound):
    """The last restore drill, as signed and as on record, is younger than the bound."""
    age = max(age_seconds(record["at"]), age_seconds(signed_drill.signed_at.isoformat())) / DAY_SECONDS
    assert bound("drill_age_days").allows(age), f"{age:.1f} days"


@requirement("A5-6-1-durable", "A5-6-1-integrity")
def test_what_came_back_is_what_was_recorded(record, drill):
    """The restored archive verified, held every head anchored before, and had none that the store never had."""
    assert record["passed"] is True, "the last drill on the vault's record failed"
    assert drill["passed"] is True
    assert drill["records"] > 0
    assert (drill["missing_heads"], drill["strange_heads"]) == ([], [])


@requirement("A5-6-1-durable")
def test_the_files_came_back_too(drill, machine):
    """The drill restored configuration, programs and heads of each host's newest copy, and none differs."""
    copies = drill.get("copies", {})
    assert machine.name in copies, f"the drill left out {machine.name}: run `make drill`"
    assert copies[machine.name]["different"] == []
    assert copies[machine.name]["same"] > 0


@requirement("A5-6-1-durable")
def test_a_lost_store_would_have_cost_little(drill, bound):
    """At the drill, all that was written had left the store within the bound."""
    loss = drill["loss_seconds"]
    assert bound("recovery_point_seconds").allows(loss), f"{loss} seconds"
