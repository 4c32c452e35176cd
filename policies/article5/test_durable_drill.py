"""Article 5 clause 6-1: a copy counts only when it was restored."""

import json

import pytest

from amanat.audit import requirement
from amanat.audit.timing import age_seconds

DRILLS = "/var/lib/amanat/drills/drills.jsonl"


@pytest.fixture(scope="module")
def drill(vault):
    """How the last restore drill ended."""
    last = vault.run("tail -n 1 %s", DRILLS)
    assert last.rc == 0, "no restore was ever drilled: run `make drill`"
    return json.loads(last.stdout)


@requirement("A5-6-1-durable")
def test_a_restore_was_drilled_lately(drill, bound):
    """The last restore drill is younger than the bound."""
    age = age_seconds(drill["at"]) / 86400
    assert bound("restore_drill_days").allows(age), f"{age:.1f} days"


@requirement("A5-6-1-durable", "A5-6-1-integrity")
def test_what_came_back_is_what_was_recorded(drill):
    """The restored archive verified, held every head anchored before, and had none that the store never had."""
    assert drill["passed"]
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
