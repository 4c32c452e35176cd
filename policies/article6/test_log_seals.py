"""Article 6 clause 7-2: days of logs are sealed and stamped soon after they ended, kept for six months, then purged."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from amanat.audit import requirement
from amanat.audit.expectations import expectations
from amanat.audit.host import Host
from amanat.audit.timers import last_result
from amanat.audit.timing import age_seconds
from amanat.log_seals import Differences, compare
from amanat_host import questions
from amanat_host.answers.logs import GivenStamps, SealedChain, SealedLogs

HOUR_SECONDS = 3600
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def stamped_before(vault: Host) -> GivenStamps:
    """What the vault had stamped before the log server was asked."""
    return vault.ask(questions.GIVEN_STAMPS)


@pytest.fixture(scope="module")
def sealed(stamped_before: GivenStamps, logs: Host) -> SealedLogs:
    """What the log server has sealed."""
    assert stamped_before is not None
    answer: SealedLogs = logs.ask(questions.SEALED_LOGS)
    assert answer.unreadable == {}, "; ".join(answer.unreadable.values())
    return answer


@pytest.fixture(scope="module")
def differences(stamped_before: GivenStamps, sealed: SealedLogs, vault: Host) -> Differences:
    """What only one of both knows."""
    return compare(stamped_before, sealed, vault.ask(questions.GIVEN_STAMPS))


@pytest.fixture(scope="module")
def chains(sealed: SealedLogs) -> Mapping[str, SealedChain]:
    """The sealed days by machine."""
    assert sealed.chains, "the log server knows of no machine"
    return sealed.chains


def ended(day: str) -> datetime:
    """When a UTC day ended."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC) + DAY


@requirement("A6-7-2-ip")
def test_days_are_sealed_soon_after_they_ended(chains: Mapping[str, SealedChain], bound):
    """No day of any machine has ended longer ago than the bound without a stamped seal."""
    now = datetime.now(UTC)
    waiting = {
        (machine, day): age_seconds(ended(day).isoformat()) / HOUR_SECONDS
        for machine, chain in chains.items()
        for day in (*chain.unsealed, chain.open_day)
        if day and ended(day) < now
    }
    late = [
        f"{machine} {day}"
        for (machine, day), hours in waiting.items()
        if not bound("log_seal_hours").allows(hours)
    ]
    assert late == [], "days without a seal"


@requirement("A6-7-2-ip")
def test_no_day_has_begun_before_its_time(chains: Mapping[str, SealedChain]):
    """The open day is today's, or tomorrow's: one that is to come takes everything until then, and nobody seals it."""
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%d")
    ahead = [f"{machine} {chain.open_day}" for machine, chain in chains.items() if chain.open_day > tomorrow]
    assert ahead == [], "days that are to come"


@requirement("A6-7-2-ip")
def test_every_seal_was_stamped_by_the_vault(differences: Differences):
    """The vault's own record has the SHA-256 of each record that has a stamp."""
    assert differences.never_stamped == {}, "places of records whose stamps the vault never gave"


@requirement("A6-7-2-ip")
def test_the_outside_server_stamps_what_was_sealed(sealed: SealedLogs, bound):
    """A server of time stamps outside, where one was chosen, has stamped each chain as far as the vault has."""
    late = [
        f"{machine}: nothing after record {chain.outside_stamped}, since {chain.outside_waits_since}"
        for machine, chain in sealed.chains.items()
        if sealed.outside_server and chain.outside_waits_since
        if not bound("log_seal_hours").allows(age_seconds(chain.outside_waits_since) / HOUR_SECONDS)
    ]
    assert late == [], f"without a stamp of {sealed.outside_server}"


@requirement("A6-7-2-ip")
def test_every_day_that_was_stamped_is_there(differences: Differences):
    """Each record that the vault has stamped is in the chain of a machine: none was taken away or written anew."""
    assert list(differences.gone) == [], "SHA-256 of sealed days' records that are gone"


@requirement("A6-7-2-ip")
def test_the_vaults_record_of_stamps_was_not_changed(stamped_before: GivenStamps):
    """Each line says what was before it, and the file is that: no line is missing or another."""
    assert list(stamped_before.misfits) == [], "lines before which the record is not what it was"


@requirement("A6-7-2-ip")
def test_sealed_days_are_kept_as_long_as_they_are_needed(sealed: SealedLogs, bound):
    """What the sealer was told to keep is within the bounds, those of the users' addresses in it too."""
    assert bound("ip_retention_days").allows(sealed.retention_days), f"{sealed.retention_days} days"
    assert bound("log_retention_days").allows(sealed.retention_days), f"{sealed.retention_days} days"


@requirement("A6-7-2-ip")
def test_days_are_purged_in_the_end(chains: Mapping[str, SealedChain], bound):
    """No sealed day is older than anything may be kept, and each that is gone was on record as gone."""
    limit = bound("log_retention_days").max
    today = datetime.now(UTC)
    old = [
        f"{machine} {chain.oldest_kept}"
        for machine, chain in chains.items()
        if chain.oldest_kept and today - ended(chain.oldest_kept) > timedelta(days=limit)
    ]
    assert old == [], "days that should be gone"


@requirement("A6-7-2-ip")
def test_days_to_come_will_be_sealed(logs: Host):
    """The job that seals and purges is started again and again, and the last time it could."""
    assert logs.service("amanat-log-seal.timer").is_running
    assert logs.service("amanat-log-seal.timer").is_enabled
    assert last_result(logs, "amanat-log-seal") == "success"


@requirement("A6-7-2-ip", "A5-6-1-access")
def test_stamps_are_given_over_mutual_tls_only(logs: Host, vault: Host):
    """Neither without a certificate, nor with one of another authority, nor over an older TLS does anything come."""
    port = expectations().of_host(vault).listening("tsa").port
    attempts = logs.ask(questions.tls_attempts(vault.name, port))
    tried = (attempts.no_certificate, attempts.foreign_certificate, attempts.old_protocol)
    assert [one.received for one in tried] == ["", "", ""]
    assert all(one.error for one in tried)
    assert not attempts.old_protocol.handshake
