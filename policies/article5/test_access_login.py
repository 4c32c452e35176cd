"""Article 5 clause 6-1: the archive lets in its own clients and nobody else."""

import pytest

from amanat.audit import NotChecked, requirement
from amanat.audit.archive import CLIENTS
from amanat.certificates import days_left, lifetime_days, strength_bits

TIMEOUTS = {
    "statement_timeout": "statement_timeout_seconds",
    "idle_in_transaction_session_timeout": "idle_in_transaction_seconds",
    "lock_timeout": "lock_timeout_seconds",
}


@pytest.fixture
def right_login_works(store, client):
    """A refusal only says something while the right login is admitted."""
    login = client.try_login(store, "archive_writer")
    if not login.admitted:
        raise NotChecked(f"even the right login is refused: {login.message}", "PostgreSQL")


@requirement("A5-6-1-access")
@pytest.mark.parametrize("role", CLIENTS)
def test_the_right_certificate_and_password_are_admitted(store, client, role):
    """Over TLS, with its own certificate and password, each role whose key the auditor has gets in."""
    login = client.try_login(store, role)
    assert login.admitted, login.message


@requirement("A5-6-1-access")
@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        ({"certificate": "none"}, "client certificate"),
        ({"certificate": "foreign"}, "unknown ca"),
        ({"certificate": "archive_auditor"}, "authentication failed"),
        ({"password": "wrong"}, "password authentication failed"),
        ({"sslmode": "disable"}, "no pg_hba.conf entry"),
        ({"tls": "TLSv1.2"}, "protocol version"),
        ({"tls": "TLSv1.1"}, ""),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
@pytest.mark.usefixtures("right_login_works")
def test_a_login_that_lacks_one_thing_is_refused(store, client, attempt, words):
    """No certificate, a foreign one, another role's, a wrong password, no TLS, old TLS: each is refused."""
    login = client.try_login(store, "archive_writer", **attempt)
    assert not login.admitted, f"admitted with {attempt}"
    assert words in login.message


@requirement("A5-6-1-access")
@pytest.mark.parametrize("method", ["md5", "password", "none"])
@pytest.mark.usefixtures("right_login_works")
def test_the_server_asks_for_scram_and_nothing_weaker(store, client, method):
    """A client that only accepts a weaker exchange of passwords is not offered one."""
    assert not client.try_login(store, "archive_writer", authentication=method).admitted


@requirement("A5-6-1-access")
@pytest.mark.usefixtures("right_login_works")
def test_the_server_proves_itself(store, client):
    """A client that trusts another authority doesn't take the server for the archive."""
    login = client.try_login(store, "archive_writer", authority="foreign")
    assert not login.admitted
    assert "certificate verify failed" in login.message


@requirement("A5-6-1-access")
@pytest.mark.parametrize("role", ["postgres", "archive_owner", "archive_sealer"])
def test_inner_roles_have_no_way_in_from_outside(store, client, role):
    """The superuser, the owner and the sealing job are refused before any password counts."""
    login = client.try_login(store, role, certificate="archive_writer", password="wrong")  # noqa: S106 - random
    assert "no pg_hba.conf entry" in login.message


@requirement("A5-6-1-access")
def test_every_rule_for_remote_logins_demands_tls_scram_and_certificate(store, client):
    """As the server reads its rules: hostssl, scram-sha-256 and clientcert=verify-full, without exception."""
    with client.login(store, "archive_auditor") as auditor:
        rules = auditor.rows(
            "SELECT type, auth_method, options, error FROM pg_hba_file_rules WHERE type <> 'local'"
        )
    lax = [
        r
        for r in rules
        if r[:2] != ("hostssl", "scram-sha-256") or "clientcert=verify-full" not in (r[2] or [])
    ]
    assert lax == []


@requirement("A5-6-1-access")
def test_local_logins_are_by_account_only(store, client):
    """On the server itself the operating system's account decides, never trust or a password."""
    with client.login(store, "archive_auditor") as auditor:
        methods = auditor.rows("SELECT DISTINCT auth_method FROM pg_hba_file_rules WHERE type = 'local'")
    assert {method for (method,) in methods} <= {"peer", "reject"}


@requirement("A5-6-1-access")
@pytest.mark.parametrize("role", CLIENTS)
@pytest.mark.parametrize("setting", TIMEOUTS)
def test_a_session_has_its_limits(store, client, bound, role, setting):
    """A session of each role whose key the auditor has starts with limits inside the bound."""
    with client.login(store, role) as session:
        seconds = int(
            session.value("SELECT extract(epoch FROM current_setting(%s)::interval)::int", (setting,))
        )
    assert bound(TIMEOUTS[setting]).allows(seconds), f"{setting} = {seconds} seconds"


@requirement("A5-6-1-access")
def test_no_role_may_use_up_the_connections(store, client, bound):
    """Each role that logs in has a limit of connections inside the bound."""
    query = "SELECT rolname, rolconnlimit FROM pg_roles WHERE rolcanlogin AND NOT rolsuper"
    with client.login(store, "archive_auditor") as auditor:
        roles = auditor.rows(query)
    assert [role for role, limit in roles if not bound("role_connections").allows(limit)] == []


@requirement("A5-6-1-access")
@pytest.mark.parametrize(
    ("setting", "limit"),
    [("authentication_timeout", "authentication_timeout_seconds"), ("scram_iterations", "scram_iterations")],
)
def test_the_server_makes_guessing_slow(store, client, bound, setting, limit):
    """Unauthenticated connections end soon, and each guess costs the iterations of the bound."""
    with client.login(store, "archive_auditor") as auditor:
        value = auditor.value("SELECT setting::int FROM pg_settings WHERE name = %s", (setting,))
    assert bound(limit).allows(value), f"{setting} = {value}"


@requirement("A5-6-1-access")
def test_the_servers_certificate_is_strong_and_renewed_in_time(store, client, bound):
    """It comes from the stack's own authority, is strong, short-lived and not about to end."""
    shown = client.certificate(store)
    shown.verify_directly_issued_by(client.authority())
    assert bound("key_strength_bits").allows(strength_bits(shown)), f"{strength_bits(shown)} bits"
    assert bound("certificate_lifetime_days").allows(lifetime_days(shown)), f"{lifetime_days(shown):.0f} days"
    assert bound("certificate_days_left").allows(days_left(shown)), f"{days_left(shown):.0f} days left"
