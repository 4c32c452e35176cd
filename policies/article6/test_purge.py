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


@prefetch(questions.PURGE)
@requirement("A6-7-2-transactions", "A6-7-2-ip")
def test_the_vault_tells_the_time(store: Host, bound):
    """Records go by two clocks: the vault told the archive its own lately, and the store's is not far ahead of it."""
    told = store.ask(questions.PURGE).clocks.told_seconds_ago
    assert told is not None, "the vault has told no time: nothing is purged"
    days = told / DAY_SECONDS
    assert bound("purge_delay_days").allows(days), (
        f"by the store's clock the vault told its time last {days:.1f} days ago: it doesn't come, or the store is ahead"
    )


@prefetch(questions.PURGE)
@requirement("A6-7-2-transactions")
def test_no_clock_alone_lets_months_go(store: Host, bound):
    """Whatever the store's clock says, a month goes after the bound's days by the vault's, and not by that alone."""
    clocks = store.ask(questions.PURGE).clocks
    assert not {"message", "transaction"} & set(clocks.untold), "they go by the store's clock alone"
    assert not clocks.vault_alone, "records go by the vault's clock alone"
    for table in ("message", "transaction"):
        days = clocks.due_after_days[table]
        assert days is not None, f"{table}: never goes"
        assert bound("transaction_retention_days").allows(days), f"{table}: goes {days} days after its end"


@prefetch(questions.PURGE)
@requirement("A6-7-2-ip")
def test_no_clock_alone_lets_addresses_go(store: Host, bound):
    """Whatever the store's clock says, a day of addresses goes after the bound's days by the vault's clock as well."""
    clocks = store.ask(questions.PURGE).clocks
    assert "access" not in clocks.untold, "they go by the store's clock alone"
    assert not clocks.vault_alone, "records go by the vault's clock alone"
    days = clocks.due_after_days["access"]
    assert days is not None, "they never go"
    assert bound("ip_retention_days").allows(days), f"they go {days} days after the day's end"
