"""Article 5 clause 6-1: every host's files are copied to a server from which the host can't take them back."""

import pytest

from amanat.audit import prefetch, requirement
from amanat.audit.host import Host
from amanat.audit.timers import hours_until_due
from amanat.audit.timing import AHEAD_SECONDS, age_seconds
from amanat_host import questions

FORBIDDEN = 403


@prefetch(questions.COPY_SERVER, service="vault")
@requirement("A5-6-1-durable")
def test_the_newest_copy_came_in_lately(vault: Host, machine: Host, bound):
    """By the times of the server's own files, the host's newest copy is younger than the bound."""
    hours = vault.ask(questions.COPY_SERVER).newest_age_hours.get(machine.name)
    assert hours is not None, f"no copy of {machine.name}"
    assert hours * 3600 > -AHEAD_SECONDS, f"it is dated {-hours:.1f} hours ahead of the server's clock"
    assert bound("copy_age_hours").allows(hours), f"{hours:.1f} hours"


@requirement("A5-6-1-durable")
def test_the_next_copy_is_due_in_time(machine, bound):
    """The timer that copies runs, and elapses within the bound."""
    hours = hours_until_due(machine, "amanat-copy")
    assert bound("copy_interval_hours").allows(hours), f"in {hours:.1f} hours"


@prefetch(questions.NEWEST_COPIES, seconds=300)
@requirement("A5-6-1-durable")
def test_the_newest_copy_is_readable_and_holds_what_it_should(machine: Host, expected, bound):
    """The host lists its newest copy at each destination: young, with the configuration and what the stack keeps."""
    destinations = machine.ask(questions.NEWEST_COPIES, seconds=300).destinations
    assert destinations, "no destination has a copy"
    for destination, newest in destinations.items():
        hours = age_seconds(newest.time) / 3600
        assert newest.hostname == machine.name, f"{destination} destination"
        assert set(newest.paths) >= {*expected(machine).copied_paths}, f"{destination} destination"
        assert set(newest.files) >= {*expected(machine).copied_files}, f"{destination} destination"
        assert bound("copy_age_hours").allows(hours), f"{destination} destination: {hours:.1f} hours"


@prefetch(questions.RESTORED_COPY, seconds=300)
@requirement("A5-6-1-durable")
def test_what_is_restored_is_what_was_copied(machine: Host):
    """Restored beside, what didn't change of configuration, programs and heads has the live files' digests."""
    restored = machine.ask(questions.RESTORED_COPY, seconds=300)
    assert restored.different == []
    assert restored.same > 0


@prefetch(questions.REFUSALS)
@requirement("A5-6-1-durable")
@pytest.mark.parametrize("tried", ["delete", "overwrite", "other_content"])
def test_a_host_cannot_take_a_copy_back(machine: Host, tried):
    """With the host's own login, the server refuses to delete or overwrite an object, which is there afterwards."""
    seen = machine.ask(questions.REFUSALS)
    assert seen.object_present == 200, "the probe's own object did not come in"
    assert getattr(seen, tried) == FORBIDDEN
    assert seen.object_still_present == 200


@requirement("A5-6-1-durable")
def test_a_host_cannot_fill_the_disk(vault: Host):
    """The running server has a limit on what it takes."""
    given = list(vault.ask(questions.COPY_SERVER).arguments)
    assert "--max-size" in given
    assert int(given[given.index("--max-size") + 1]) > 0


@prefetch(questions.KEEPING, service="vault")
@requirement("A5-6-1-durable")
def test_pruning_leaves_what_came_in_lately(vault: Host, bound):
    """Asked about copies of every age, the pruning in force removes none that is younger than the bound."""
    youngest = vault.ask(questions.KEEPING).youngest_removed_days
    assert youngest is None or bound("copies_keep_days").allows(youngest - 1), f"{youngest} days"


@pytest.mark.slow
@prefetch(questions.DAMAGE, service="vault", seconds=600)
@requirement("A5-6-1-durable")
def test_a_flipped_bit_is_found(vault: Host):
    """A whole repository passes the check of every byte; a scratch copy of it with one bit flipped doesn't."""
    seen = vault.ask(questions.DAMAGE, seconds=600)
    assert seen.whole, f"the copies of {seen.host} are damaged"
    assert seen.damage_found, "the check noticed nothing"
