"""What a role may change of itself is undone by the guard: its password, and its settings everywhere."""

import secrets
import time

import psycopg
import pytest

from amanat.audit.waiting import wait_until

SECONDS = 15


def enters(live_stack, role):
    try:
        with live_stack.database(role) as session:
            return session.execute("SELECT current_setting('default_transaction_read_only')").fetchone()[0]
    except psycopg.OperationalError:
        return None


def settings(live_stack, role):
    return live_stack.query(
        f"SELECT setdatabase, setconfig FROM pg_db_role_setting WHERE setrole = \\$\\${role}\\$\\$::regrole ORDER BY 1"
    )


@pytest.mark.parametrize("role", ["archive_writer", "archive_auditor", "archive_discloser", "archive_anchor"])
def test_a_password_that_a_role_gives_itself_does_not_stay(live_stack, role):
    if role == "archive_anchor":  # its key is the vault's alone: as the superuser would
        live_stack.query("ALTER ROLE archive_anchor PASSWORD \\$\\$of-its-own-making\\$\\$")
        right = "SELECT rolpassword = verifier FROM pg_authid JOIN guard.role ON name = rolname WHERE name ~ 'anchor'"
        in_postgres = f'cd / && runuser -u postgres -- psql -XAtq -d postgres -c "{right}"'
        assert wait_until(lambda: live_stack.root("store", in_postgres).strip() == "t", SECONDS)
        return
    with live_stack.database(role, autocommit=True) as session:
        session.execute(f"ALTER ROLE {role} PASSWORD 'of-its-own-making'")
    assert wait_until(lambda: enters(live_stack, role) == "off", SECONDS)
    with pytest.raises(psycopg.OperationalError):
        live_stack.database(role, password="of-its-own-making")  # noqa: S106 - the one that must not work


@pytest.mark.parametrize(
    "change",
    [
        "RESET ALL",
        "SET default_transaction_read_only = on",
        "SET role = archive_writer",
        "SET search_path = nowhere",
        "SET transaction_timeout = 0",
        "IN DATABASE archive SET default_transaction_read_only = on",
        "IN DATABASE archive SET statement_timeout = 1",
    ],
)
def test_settings_that_a_role_gives_itself_do_not_stay(live_stack, change):
    before = settings(live_stack, "archive_writer")
    with live_stack.database("archive_writer", autocommit=True) as session:
        session.execute(f"ALTER ROLE archive_writer {change}")
    assert wait_until(lambda: sorted(settings(live_stack, "archive_writer")) == sorted(before), SECONDS)
    assert enters(live_stack, "archive_writer") == "off"


def test_a_session_that_began_meanwhile_is_ended(live_stack):
    live_stack.root("store", "systemctl kill --signal=STOP amanat-postgresql-guard.service")
    try:
        with live_stack.database("archive_writer", autocommit=True) as session:
            session.execute("ALTER ROLE archive_writer SET default_transaction_read_only = on")
        harmed = live_stack.database("archive_writer", autocommit=True)
        assert harmed.execute("SHOW default_transaction_read_only").fetchone() == ("on",)
    finally:
        live_stack.root("store", "systemctl kill --signal=CONT amanat-postgresql-guard.service")

    def ended():
        try:
            harmed.execute("SELECT 1")
        except psycopg.OperationalError:
            return True
        return False

    assert wait_until(ended, SECONDS)
    assert enters(live_stack, "archive_writer") == "off"


def lag_seconds(live_stack):
    return float(live_stack.query("SELECT archive.lag_seconds()"))


def without_limits(session):
    for limit in (
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "transaction_timeout",
    ):
        session.execute(f"SET {limit} = 0")


def is_ended(session):
    try:
        session.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


def test_a_change_of_a_role_that_is_held_open_stops_nothing(live_stack):
    """Two sessions: one's change is committed, the other's stays open and would be in the way of putting it back."""
    with live_stack.database("archive_writer", autocommit=True) as one:
        other = live_stack.database("archive_writer", autocommit=True)
        without_limits(other)
        before = settings(live_stack, "archive_writer")
        other.execute("BEGIN")
        one.execute("ALTER ROLE archive_writer SET application_name = 'kept'")
        other.execute("ALTER ROLE archive_writer SET application_name = 'open'")
        assert wait_until(lambda: sorted(settings(live_stack, "archive_writer")) == sorted(before), SECONDS)
        assert is_ended(other)


def test_changes_that_collide_with_the_guards_do_not_end_it(live_stack):
    """It would forget since when it has seen each transaction."""
    guard = "systemctl show --property=MainPID --value amanat-postgresql-guard.service"
    process = live_stack.root("store", guard)
    held = live_stack.database("archive_discloser", autocommit=True)
    without_limits(held)
    held.execute("BEGIN")
    held.execute("SELECT pg_current_xact_id()")
    deadline = time.monotonic() + 60
    number = 0
    while not held.closed and time.monotonic() < deadline:
        number += 1
        try:
            with live_stack.database("archive_writer", autocommit=True) as session:
                session.execute(f"ALTER ROLE archive_writer SET application_name = 'x{number}'")
        except psycopg.Error:
            pass  # ended by the guard, or while it put something back
        if is_ended(held):
            break
    assert is_ended(held)
    assert time.monotonic() < deadline
    assert live_stack.root("store", guard) == process
    assert wait_until(lambda: enters(live_stack, "archive_writer") == "off", SECONDS)


def test_savepoints_do_not_fill_the_table_of_locks(live_stack):
    """Each open one that has written holds a lock; without room there nobody can log in, the guard included."""
    session = live_stack.database("archive_writer", autocommit=True)
    without_limits(session)
    record = (
        "SELECT archive.record_transaction('u', 'topup', 1, 'IRR', 'rial_card', 'r', '192.0.2.7', 4, now())"
    )
    session.execute("BEGIN")
    batch = "; ".join(["SAVEPOINT s", record] * 500)

    def refused():
        try:
            session.execute(batch)
        except psycopg.OperationalError:
            return True
        return False

    assert any(refused() for _ in range(200))
    assert enters(live_stack, "archive_writer") == "off"
    assert lag_seconds(live_stack) < SECONDS


def test_first_messages_one_after_the_other_do_not_hold_up_the_chain(live_stack):
    """Each session's first message makes a data key; none of them locks what sealing needs."""
    record = "SELECT archive.record_message('sms', 'in', 'a', 'b', now(), now(), '192.0.2.7', 4, 'x')"
    with live_stack.database("archive_writer") as one, live_stack.database("archive_writer") as two:
        one.execute(record)
        two.execute("SET lock_timeout = '2s'")
        two.execute(record)  # does not wait for the other


def test_a_party_without_end_takes_no_time(live_stack):
    """To normalise marks takes time by the square of their number, and can't be interrupted."""
    record = "SELECT archive.record_message('sms', 'in', %s, 'b', now(), now(), '192.0.2.7', 4, 'x')"
    with live_stack.database("archive_writer", autocommit=True) as session:
        session.execute("SET statement_timeout = '5s'")
        with pytest.raises(psycopg.Error) as refused:
            session.execute(record, ("\u0301\u0327" * 100_000,))
        assert refused.value.sqlstate == "22023"


def test_what_an_error_repeats_is_not_in_the_log(live_stack):
    """Not even where the session makes an error end it, which is logged otherwise."""
    texts = {role: f"{role}-{secrets.token_hex(8)}" for role in ("archive_writer", "archive_auditor")}
    for role, text in texts.items():
        session = live_stack.database(role, autocommit=True)
        session.execute("SET exit_on_error = on")
        with pytest.raises(psycopg.Error):
            session.execute(f"SELECT '{text}'::integer")
    with pytest.raises(psycopg.OperationalError):
        live_stack.database("archive_writer", password="wrong")  # noqa: S106 - a line that comes after
    journal = "journalctl --quiet --no-pager --output=cat --identifier=postgresql --since=-2min"
    assert wait_until(lambda: "password authentication failed" in live_stack.root("store", journal), SECONDS)
    log = live_stack.root("store", journal)
    assert [text for text in texts.values() if text in log] == []
