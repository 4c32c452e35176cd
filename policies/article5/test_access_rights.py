"""Article 5 clause 6-1: each role can do its task and nothing more."""

import re

import pytest

from amanat.audit import prefetch, requirement
from amanat.audit.archive import CLIENTS
from amanat.audit.host import Host
from amanat_host import questions

NOT_ALLOWED = "42501"
# Of the programs that auditors run, their libraries, and what sudo itself lets through where nobody forbids it.
BROUGHT = (
    *(
        "LC_ALL",
        "LC_MESSAGES",
        "LANGUAGE",
        "TZ",
        "DISPLAY",
        "COLORS",
        "LS_COLORS",
        "KRB5CCNAME",
        "XAUTHORITY",
        "PS1",
    ),
    *(
        "PGOPTIONS",
        "PGHOST",
        "PGSERVICE",
        "PYTHONPATH",
        "PYTHONWARNINGS",
        "TMPDIR",
        "PGBACKREST_CONFIG",
        "NOTIFY_SOCKET",
    ),
    *(
        "DPKG_ADMINDIR",
        "APT_CONFIG",
        "OPENSSL_CONF",
        "RESTIC_CACHE_DIR",
        "XTABLES_LIBDIR",
        "SYSTEMD_PAGER",
        "LD_PRELOAD",
    ),
)
MEMBERS = {("postgres", "ssl-cert")}  # Debian's own, for a key that no service of ours uses
READABLE = (
    "channel",
    "means",
    "access_event",
    "disclosures",
)  # lists, and what was disclosed without the parties: the auditor's
NOTED = r"message(_\d{4}_\d{2})?|data_key"
# PostgreSQL's own (pg_monitor reads states, no data), and the auditor's look at settings.
MEMBER_ROLES = {
    ("archive_auditor", "pg_read_all_settings"),
    *(("pg_monitor", name) for name in ("pg_read_all_settings", "pg_read_all_stats", "pg_stat_scan_tables")),
}
CONTENT = ("message", "transaction", "access", "data_key", "disclosure", "seal", "event", "machine")


@requirement("A5-6-1-access", "A7-disclosure")
@pytest.mark.parametrize("table", CONTENT)
@pytest.mark.parametrize("role", CLIENTS)
def test_no_role_reads_the_tables(store, client, role, table):
    """A SELECT on what the archive keeps is refused to each role whose key the auditor has."""
    with client.login(store, role) as session:
        assert session.refusal(f"SELECT * FROM archive.{table} LIMIT 1") == NOT_ALLOWED  # noqa: S608 - our words


@requirement("A5-6-1-access", "A5-6-1-integrity", "A7-disclosure")
def test_no_relation_of_the_archive_is_open_to_another_role(store, client):
    """Whatever it inherits or was granted, by table or column: no role but the owner may more than is known.

    Of every kind of relation: tables, partitions, sequences, views, materialised ones, foreign tables.
    """
    query = """
        SELECT r.rolname, c.relname, p.name
        FROM pg_class AS c, pg_roles AS r,
             unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN',
                          'USAGE']) AS p (name)
        WHERE c.relnamespace = 'archive'::regnamespace AND c.relkind IN ('r', 'p', 'S', 'v', 'm', 'f')
          AND NOT r.rolsuper AND r.rolname !~ '^pg_' AND r.oid <> c.relowner
          AND CASE WHEN c.relkind = 'S'
                THEN p.name IN ('SELECT', 'UPDATE', 'USAGE') AND has_sequence_privilege(r.oid, c.oid, p.name)
                ELSE p.name <> 'USAGE' AND (has_table_privilege(r.oid, c.oid, p.name)
                  OR p.name IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                     AND has_any_column_privilege(r.oid, c.oid, p.name)) END
    """
    with client.login(store, "archive_auditor") as auditor:
        found = set(auditor.rows(query))
    # Of what `archive_audited` may read is noted who reads it; nobody is this role (test_no_role_takes_on_another).
    noted = {
        one
        for one in found
        if one[0] == "archive_audited" and one[2] == "SELECT" and re.fullmatch(NOTED, one[1])
    }
    assert sorted(found - noted - {("archive_auditor", relation, "SELECT") for relation in READABLE}) == []


@requirement("A5-6-1-access", "A7-disclosure")
def test_what_the_audited_role_may_read_is_noted_by_column(store, client):
    """That role has content and its keys by column and nothing else: who reads those is what pgaudit notes."""
    query = """
        SELECT DISTINCT a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'archive'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
          AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
          AND has_column_privilege('archive_audited', c.oid, a.attnum, 'SELECT')
    """
    with client.login(store, "archive_auditor") as auditor:
        assert {name for (name,) in auditor.rows(query)} == {"content", "sealed"}


@requirement("A5-6-1-access")
@pytest.mark.parametrize("role", CLIENTS)
def test_no_role_changes_the_schema(store, client, role):
    """Each role whose key the auditor has is refused to make a table, a function or a role."""
    with client.login(store, role) as session:
        for statement in (
            "CREATE TABLE archive.mine (a int)",
            "CREATE TABLE public.mine (a int)",
            "CREATE ROLE mine",
            "ALTER TABLE archive.message ADD COLUMN mine int",
            "DROP TABLE archive.message",
            "COPY (SELECT 1) TO PROGRAM 'true'",
            "SELECT pg_read_file('/etc/passwd')",
        ):
            assert session.refusal(statement) == NOT_ALLOWED, statement


@requirement("A5-6-1-access")
def test_there_is_one_superuser(store, client):
    """Only postgres is a superuser, makes roles or databases, replicates or bypasses rules."""
    query = """
        SELECT rolname FROM pg_roles
        WHERE rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
    """
    with client.login(store, "archive_auditor") as auditor:
        mighty = auditor.rows(query)
    assert mighty == [("postgres",)]


@requirement("A5-6-1-access")
def test_no_role_takes_on_another(store, client):
    """No role is a member of another, a built-in one or the archive's own, but as is known."""
    query = """
        SELECT member::regrole::text, roleid::regrole::text FROM pg_auth_members
        WHERE member <> 'postgres'::regrole
    """
    with client.login(store, "archive_auditor") as auditor:
        assert set(auditor.rows(query)) <= MEMBER_ROLES


@prefetch(questions.ACCOUNTS)
@requirement("A5-6-1-access")
def test_the_accounts_of_the_host_are_known_and_locked(machine: Host):
    """Only root has its number, no account has an empty password, and whoever can log in does so by key."""
    found = machine.ask(questions.ACCOUNTS)
    assert found.uid_zero == ["root"]
    assert [account.name for account in found.accounts if account.password == "empty"] == []  # noqa: S105
    assert [
        account.name for account in found.accounts if account.password not in ("locked", "yescrypt")
    ] == []


@requirement("A5-6-1-access", "A7-protection")
def test_no_account_is_in_a_group_that_is_not_its_own(machine: Host):
    """Groups give what accounts don't have: logs, disks, password hashes, root. Each membership is known."""
    accounts = machine.ask(questions.ACCOUNTS).accounts
    assert {(account.name, group) for account in accounts for group in account.groups} <= MEMBERS


@requirement("A5-6-1-access")
def test_the_auditor_only_reads(machine: Host):
    """The account that audits may run single read-only command lines as root, and nothing of its choice."""
    rights = machine.ask(questions.SUDO).auditor
    programs = " ".join(commands for _, commands in rights)
    assert rights
    assert not {"ALL", "*"} & set(programs.replace(",", " ").split())
    assert machine.run("sudo -n /bin/true").rc != 0


@requirement("A5-6-1-access")
def test_the_auditor_brings_nothing_along(machine: Host):
    """Variables that change what programs do, and the directory, stay behind when the auditor acts as root."""
    given = " ".join(f"{name}=C" for name in BROUGHT)
    done = machine.run(f"cd /tmp && env {given} {questions.SUDO.command}")
    found = machine.answered(questions.SUDO, done)
    assert [name for name in found.environment if name in BROUGHT] == []
    assert found.directory == "/"
