"""Article 5 clause 6-1: a host reaches its own copies on the server, and nobody reaches another's."""

import pytest

from amanat.audit import prefetch, requirement
from amanat.audit.host import Host
from amanat_host import questions
from amanat_host.answers.backups import Refusals

NOT_LET_IN = (401, 403)


@pytest.fixture(scope="module")
def refusals(machine: Host) -> Refusals:
    """What the server answers a client that lacks one thing each."""
    return machine.ask(questions.REFUSALS)


@prefetch(questions.REFUSALS)
@requirement("A5-6-1-access")
@pytest.mark.parametrize(
    "tried", ["no_login", "wrong_password", "anothers_copies", "anothers_name", "everybodys_copies"]
)
def test_copies_open_to_their_own_host_only(refusals: Refusals, tried):
    """The same request that is answered with the host's own login is refused otherwise."""
    assert refusals.authorized == 200, "the host itself is not let in"
    assert getattr(refusals, tried) in NOT_LET_IN


@requirement("A5-6-1-access")
@pytest.mark.parametrize("tried", ["no_tls", "old_tls", "no_certificate", "foreign_certificate"])
def test_copies_travel_over_mutual_tls_only(refusals: Refusals, tried):
    """No connection without TLS 1.3 and a certificate of the stack's authority comes as far as an answer."""
    assert refusals.authorized == 200, "the host itself is not let in"
    assert getattr(refusals, tried) == "refused"
    assert not refusals.trusted_by_the_system, "an authority outside the stack vouches for the server"


@prefetch(questions.RESTORED_COPY, seconds=300)
@requirement("A5-6-1-access")
def test_no_copy_holds_what_opens_another_thing(machine: Host):
    """The newest copy's configuration has no private key, and nothing that unlocks the volume, backups or copies."""
    assert machine.ask(questions.RESTORED_COPY, seconds=300).with_secrets == []


@requirement("A5-6-1-access")
def test_copies_have_one_key(vault: Host):
    """Each machine's copies open with one password, its own: there is no second key beside it."""
    keys = vault.ask(questions.COPY_SERVER).keys
    assert keys, "there are no copies"
    assert {host: names for host, names in keys.items() if len(names) != 1} == {}
