"""What a role may change of itself is undone by the guard: its password, and its settings everywhere."""

import psycopg
import pytest

from amanat.audit.waiting import eventually

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
        assert eventually(lambda: live_stack.root("store", in_postgres).strip() == "t", SECONDS)
        return
    with live_stack.database(role, autocommit=True) as session:
        session.execute(f"ALTER ROLE {role} PASSWORD 'of-its-own-making'")
    assert eventually(lambda: enters(live_stack, role) == "off", SECONDS)
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
    assert eventually(lambda: sorted(settings(live_stack, "archive_writer")) == sorted(before), SECONDS)
    assert enters(live_stack, "archive_writer") == "off"


def test_a_session_that_began_meanwhile_is_ended(live_stack):
    live_stack.root("store", "systemctl kill --signal=STOP amanat-store-guard.service")
    try:
        with live_stack.database("archive_writer", autocommit=True) as session:
            session.execute("ALTER ROLE archive_writer SET default_transaction_read_only = on")
        harmed = live_stack.database("archive_writer", autocommit=True)
        assert harmed.execute("SHOW default_transaction_read_only").fetchone() == ("on",)
    finally:
        live_stack.root("store", "systemctl kill --signal=CONT amanat-store-guard.service")

    def ended():
        try:
            harmed.execute("SELECT 1")
        except psycopg.OperationalError:
            return True
        return False

    assert eventually(ended, SECONDS)
    assert enters(live_stack, "archive_writer") == "off"
