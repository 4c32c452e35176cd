"""Article 5 clause 6-1: each role can do its task and nothing more."""

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
CONTENT = ("message", "transaction", "data_key", "disclosure", "seal", "event", "machine")


@requirement("A5-6-1-access", "A7-disclosure")
@pytest.mark.parametrize("table", CONTENT)
@pytest.mark.parametrize("role", CLIENTS)
def test_no_role_reads_the_tables(store, client, role, table):
    """A SELECT on what the archive keeps is refused to every role that logs in."""
    with client.login(store, role) as session:
        assert session.refusal(f"SELECT * FROM archive.{table} LIMIT 1") == NOT_ALLOWED  # noqa: S608 - our words


@requirement("A5-6-1-access", "A5-6-1-integrity", "A7-disclosure")
def test_no_relation_of_the_archive_is_open_to_another_role(store, client):
    """The catalog grants nobody but the owner a right on a table or partition with content."""
    query = """
        SELECT c.relname, a.grantee::regrole::text, a.privilege_type
        FROM pg_class AS c, aclexplode(c.relacl) AS a
        WHERE c.relnamespace = 'archive'::regnamespace AND c.relkind IN ('r', 'p', 'S')
          AND c.relname NOT IN ('channel', 'means') AND a.grantee <> c.relowner
          AND a.grantee <> coalesce(to_regrole('archive_audited')::oid, 0)
    """
    with client.login(store, "archive_auditor") as auditor:
        assert auditor.rows(query) == []


@requirement("A5-6-1-access")
@pytest.mark.parametrize("role", CLIENTS)
def test_no_role_changes_the_schema(store, client, role):
    """Nobody who logs in can make a table, a function or a role."""
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
def test_no_role_takes_on_a_mightier_one(store, client):
    """Nobody is a member of the superuser, the owner or a built-in role that reads or writes everything."""
    query = """
        SELECT member::regrole::text, roleid::regrole::text FROM pg_auth_members
        WHERE roleid::regrole::text ~ '^(postgres|archive_owner|pg_.*_server_.*|pg_.*_all_data)$'
          AND member <> 'postgres'::regrole
    """
    with client.login(store, "archive_auditor") as auditor:
        assert auditor.rows(query) == []


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
