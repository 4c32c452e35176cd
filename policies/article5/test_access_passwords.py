"""Article 5 clause 6-1: no password is guessed, a person's or a client's."""

import math

import pytest

from amanat.audit import prefetch, requirement
from amanat.audit.archive import CLIENTS
from amanat.audit.host import Host
from amanat_host import questions
from amanat_host.answers.system import PasswordRules


@pytest.fixture(scope="module")
def rules(machine: Host) -> PasswordRules:
    """Which passwords PAM takes, and when it locks an account, as its modules read their settings."""
    return machine.ask(questions.PASSWORDS)


@prefetch(questions.PASSWORDS)
@requirement("A5-6-1-access")
def test_no_short_password_is_taken(rules: PasswordRules, bound):
    """The shortest random password that PAM's own check of quality lets pass has the bound's length, root's too."""
    shortest = rules.shortest_characters
    assert shortest is None or bound("password_length").allows(shortest), f"{shortest} characters"


@requirement("A5-6-1-access")
def test_wrong_passwords_lock_the_account(rules: PasswordRules, bound):
    """Wherever PAM takes a password, failures within the bound lock the account, for at least the bound's time."""
    assert rules.locks, "no service asks PAM"
    for service, lock in rules.locks.items():
        seconds = math.inf if lock.seconds is None else lock.seconds
        assert bound("failed_logins").allows(lock.failures), f"{service}: {lock.failures} failures"
        assert bound("lockout_seconds").allows(seconds), f"{service}: {seconds} seconds"


@requirement("A5-6-1-access")
@pytest.mark.parametrize("role", CLIENTS)
def test_a_clients_password_is_long(store, client, role, bound):
    """The password that the server takes of a role has the bound's length at the least."""
    login = client.try_login(store, role)
    assert login.admitted, login.message
    assert bound("database_password_length").allows(client.password_characters(role))
