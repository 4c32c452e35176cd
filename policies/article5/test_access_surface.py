"""Article 5 clause 6-1: in the database a role can do what it is for, and nothing beside it."""

import re
import secrets

import pytest

from amanat.audit import requirement
from amanat.audit.archive import CLIENTS, REMOTE_ROLES, marker
from amanat.audit.waiting import wait_until

NOT_ALLOWED = "42501"
# What each role is for. Nothing else outside PostgreSQL's own functions may be called.
MAY_CALL = {
    "archive_writer": {"record_access", "record_message", "record_message_bytes", "record_transaction"},
    "archive_discloser": {"request_disclosure", "fetch_disclosure", "add_hold", "release_hold", "holds"},
    "archive_auditor": {"verify", "verify_head", "heads", "lag_seconds", "counts", "purges"},
    "archive_anchor": {"heads", "verify_head", "lag_seconds", "tell_time"},
}
# PostgreSQL's own that act (VOLATILE) and that drivers and sessions use: time, chance, settings, positions in WAL.
HARMLESS = {
    *(
        "clock_timestamp",
        "timeofday",
        "random",
        "random_normal",
        "setseed",
        "gen_random_uuid",
        "array_sample",
    ),
    *("array_shuffle", "currval", "lastval", "nextval", "setval", "set_config", "current_query", "pg_sleep"),
    *("pg_sleep_for", "pg_sleep_until", "pg_is_in_recovery", "pg_current_wal_flush_lsn"),
    "pg_current_wal_insert_lsn",
}
# What the server reads of its files, and unfinished WAL by its directory of states (test_durable_backup).
AUDITORS = {
    *("pg_ls_archive_statusdir", "pg_hba_file_rules", "pg_ident_file_mappings", "pg_show_all_file_settings"),
    "pg_control_system",
}
LIMITS = {
    *("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "transaction_timeout"),
    "idle_session_timeout",
}
LONGEST_SECONDS = 3600
SETTINGS = {*LIMITS, "log_min_messages", "track_activities", "temp_file_limit"}


@requirement("A5-6-1-access")
@pytest.mark.parametrize("role", REMOTE_ROLES)
def test_a_role_calls_only_what_it_is_for(store, client, role):
    """The whole catalog of functions is read: whichever acts and may be called is known."""
    query = """
        SELECT DISTINCT n.nspname, p.proname FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE has_function_privilege(%s, p.oid, 'EXECUTE') AND has_schema_privilege(%s, n.oid, 'USAGE')
          AND (n.nspname NOT IN ('pg_catalog', 'information_schema') OR p.provolatile = 'v')
          AND NOT (n.nspname = 'pg_catalog' AND ('internal'::regtype = ANY (p.proargtypes)
                   OR p.prorettype::regtype::text ~ '(internal|trigger|_handler)$'))
    """
    with client.login(store, "archive_auditor") as auditor:
        found = auditor.rows(query, (role, role))
    own = {name for schema, name in found if schema == "archive"}
    known = HARMLESS | (AUDITORS if role == "archive_auditor" else set())
    assert own == MAY_CALL[role]
    assert {
        f"{schema}.{name}" for schema, name in found if schema != "archive" and name not in known
    } == set()


@requirement("A5-6-1-access")
def test_nobody_who_logs_in_writes_code(store, client):
    """No role but the owner may use a language, and the catalog says so of each."""
    query = """
        SELECT r.rolname, l.lanname FROM pg_roles AS r, pg_language AS l
        WHERE r.rolname ~ '^archive_' AND r.rolcanlogin AND has_language_privilege(r.oid, l.oid, 'USAGE')
          AND l.lanpltrusted
    """
    with client.login(store, "archive_auditor") as auditor:
        assert auditor.rows(query) == []


@requirement("A5-6-1-access", "A5-6-1-integrity")
@pytest.mark.parametrize("role", CLIENTS)
def test_nothing_is_kept_or_said_beside_the_archive(store, client, role):
    """Ways to put text into the database or its log, or to reach other sessions, are refused to each role whose key the
    auditor has; NOTIFY can't be.
    """
    text = marker("detour")
    with client.login(store, role) as session:
        for statement in (
            f"DO $$BEGIN RAISE LOG '{text}'; END$$",
            f"SELECT lo_from_bytea(0, '{text}')",
            "SELECT lo_creat(-1)",
            "SELECT lo_create(0)",
            f"SELECT pg_logical_emit_message(true, 'audit', '{text}')",
            f"SELECT pg_logical_emit_message(false, 'audit', '{text}'::bytea)",
            f"SELECT pg_notify('audit', '{text}')",
            f"CREATE TEMP TABLE mine AS SELECT '{text}'",
            f"CREATE FUNCTION pg_temp.mine() RETURNS text LANGUAGE sql RETURN '{text}'",
            f"COMMENT ON ROLE {role} IS '{text}'",
            "SELECT pg_export_snapshot()",
            "SELECT pg_advisory_lock(1)",
            "SELECT pg_terminate_backend(0)",
            "SELECT pg_create_physical_replication_slot('mine')",
        ):
            assert session.refusal(statement) == NOT_ALLOWED, statement
        assert session.refusal(f"PREPARE TRANSACTION '{text}'") != ""


@requirement("A5-6-1-access")
def test_there_are_no_large_objects(store, client):
    """Large objects are outside the chain and every quota: there is none."""
    with client.login(store, "archive_auditor") as auditor:
        assert auditor.value("SELECT count(*) FROM pg_largeobject_metadata") == 0


@requirement("A5-6-1-access")
@pytest.mark.parametrize("role", CLIENTS)
def test_what_a_session_asks_is_not_seen_by_others_of_its_role(store, client, role):
    """Another login of the same role finds no statement, however short, in the view of running ones."""
    seen = "SELECT count(*) FROM pg_stat_activity WHERE strpos(query, %s) > 0"
    text = secrets.token_hex(8)
    with client.login(store, role) as one, client.login(store, role, fresh=True) as other:
        one.rows(f"SELECT '{text}'")  # noqa: S608 - hexadecimal digits
        assert one.rows("SELECT pg_backend_pid()") != other.rows("SELECT pg_backend_pid()")
        assert other.value(seen, (text,)) == 0
        assert other.value("SELECT current_setting('track_activities')") == "off"
        assert other.refusal("SET track_activities = on") == NOT_ALLOWED


@requirement("A5-6-1-access")
def test_roles_have_no_settings_but_the_known_ones(store, client):
    """All settings that the server keeps for roles and databases are read: each is a limit, or keeps content quiet."""
    query = """
        SELECT coalesce(r.rolname, '*'), coalesce(d.datname, '*'), c
        FROM pg_db_role_setting AS s LEFT JOIN pg_roles AS r ON r.oid = s.setrole
             LEFT JOIN pg_database AS d ON d.oid = s.setdatabase, unnest(s.setconfig) AS c
    """
    with client.login(store, "archive_auditor") as auditor:
        found = [(role, database, *setting.split("=", 1)) for role, database, setting in auditor.rows(query)]
    assert [one for one in found if one[0] == "*" or one[1] != "*" or one[2] not in SETTINGS] == []
    with client.login(store, "archive_auditor") as auditor:
        rights = "SELECT defaclrole::regrole::text FROM pg_default_acl WHERE defaclrole <> 'archive_owner'::regrole"
        assert auditor.rows(rights) == []
    kept = {role: {name: value for of, _, name, value in found if of == role} for role in REMOTE_ROLES}
    for role in REMOTE_ROLES:
        assert set(kept[role]) >= LIMITS, role
        assert all(0 < seconds(kept[role][name]) <= LONGEST_SECONDS for name in LIMITS), role
        assert kept[role]["track_activities"] == "off"
        assert kept[role]["log_min_messages"] == ("log" if role == "archive_discloser" else "panic")
        assert re.fullmatch(r"[1-9]\d{0,2}MB", kept[role]["temp_file_limit"]), role


def seconds(limit):
    """A limit as the server keeps it, in seconds; 0 for any other form."""
    found = re.fullmatch(r"(\d+)s", limit)
    return int(found[1]) if found else 0


@requirement("A5-6-1-access")
@pytest.mark.parametrize("role", CLIENTS)
def test_a_role_keeps_no_settings_of_its_own(store, client, role, bound):
    """What a role sets for all its later sessions (PostgreSQL lets it) is gone again within the bound."""
    count = """
        SELECT count(*) FROM pg_db_role_setting AS s, unnest(s.setconfig) AS c
        WHERE s.setrole = %s::regrole AND c = 'application_name=amanat-tried'
    """
    reader = "archive_auditor" if role != "archive_auditor" else "archive_discloser"
    with client.login(store, role, fresh=True) as session, client.login(store, reader) as other:
        session.sequence(f"ALTER ROLE {role} SET application_name = 'amanat-tried'")
        gone = wait_until(lambda: other.value(count, (role,)) == 0, bound("own_settings_seconds").max)
        if not gone:  # leave nothing behind
            session.sequence(f"ALTER ROLE {role} RESET application_name")
    assert gone
