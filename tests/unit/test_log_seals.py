"""Chains of sealed days beside what the vault stamped: what only one of both knows."""

from amanat.log_seals import compare
from amanat_host.answers.logs import GivenStamps, SealedChain, SealedLogs


def chain(*records, stamped=None):
    return SealedChain(
        records, len(records) if stamped is None else stamped, 0, (), None, (), "2026-11-26", 0, None
    )


def compared(before, chains, after=None):
    return compare(GivenStamps(before, []), SealedLogs(190, "", chains, {}), GivenStamps(after or before, []))


def test_what_both_know_is_no_difference():
    found = compared(["1", "2", "3"], {"alpha": chain("1", "3"), "beta": chain("2")})
    assert (found.gone, found.never_stamped) == ([], {})


def test_a_chain_that_was_cut_off_or_written_anew_is_missed():
    found = compared(["1", "2", "3"], {"alpha": chain("1")})
    assert (found.gone, found.never_stamped) == (["2", "3"], {})
    found = compared(["1", "2"], {"alpha": chain("1", "9")})
    assert (found.gone, found.never_stamped) == (["2"], {"alpha": [2]})


def test_a_day_that_is_sealed_meanwhile_is_no_difference():
    found = compared(["1"], {"alpha": chain("1", "2")}, after=["1", "2"])
    assert (found.gone, found.never_stamped) == ([], {})
    found = compared(["1"], {"alpha": chain("1", "2", stamped=1)})
    assert (found.gone, found.never_stamped) == ([], {})
