"""Article 6 clause 7-2: what may go after its retention goes by itself, and nothing else does."""

from amanat.audit import prefetch, requirement
from amanat.audit.host import Host
from amanat_host import questions

TIMER = "amanat-archive-purge.timer"
DAY_SECONDS = 86400.0


@prefetch(questions.PURGE)
@requirement("A6-7-2-transactions", "A6-7-2-ip")
def test_the_purge_runs_by_itself(store: Host, bound):
    """The timer runs and comes back at boot, and the last run went well and is not older than the bound's delay."""
    timer = store.service(TIMER)
    assert timer.is_running
    assert timer.is_enabled
    last = store.ask(questions.PURGE)
    assert last.ended_seconds_ago is not None, "it never ran since the machine started"
    assert last.ran_well, "its last run failed: journalctl --unit=amanat-archive-purge.service"
    days = last.ended_seconds_ago / DAY_SECONDS
    assert bound("purge_delay_days").allows(days), f"it ran last {days:.1f} days ago"


@prefetch(questions.PURGE)
@requirement("A6-7-2-transactions", "A6-7-2-ip")
def test_nothing_stays_beyond_its_retention_but_what_is_held(store: Host, bound):
    """Every partition that is due has gone within the bound's delay, unless a legal hold selects something in it."""
    periods = store.ask(questions.PURGE).periods
    assert periods, "the archive has no partitions"
    unkept = [one.partition for one in periods if one.kept_days is None]
    delay = bound("purge_delay_days")
    late = [f"nothing says how long these are kept: {', '.join(unkept)}"] if unkept else []
    late += [
        f"{one.partition} ended {one.ended_days:.0f} days ago and was to be kept for {one.kept_days}"
        for one in periods
        if not one.is_held and one.kept_days is not None and not delay.allows(one.ended_days - one.kept_days)
    ]
    assert not late, "\n".join(late)
