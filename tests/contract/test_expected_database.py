"""The expected state of the database is that which the migrations and the archive's roles make, both ways.

The file is written from a live server. Here, without one, the names in it are held against what the scripts of the
migrations create: who adds a function, table or right and not its line, or the other way round, sees it at once.
"""

import hashlib
import re

import pytest
import yaml

from tests.rendering import ANSIBLE, loaded, rendered

SQITCH = ANSIBLE / "roles/archive/files/sqitch"
EXPECTED = ANSIBLE.parent / "policies/expected_state/database.yaml"
PARTITIONS = {"message": "message_<month>", "transaction": "transaction_<month>", "access": "access_<day>"}
LONG_NAMES = {"idle_in_transaction": "idle_in_transaction_session", "idle": "idle_session"}
NAME = r"archive\.(\w+)"


@pytest.fixture(scope="module")
def items():
    """What is expected, item -> value."""
    return yaml.safe_load(EXPECTED.read_text("utf-8"))["store"]["exactly"]


@pytest.fixture(scope="module")
def plan():
    """The migrations' names, in order."""
    lines = (SQITCH / "sqitch.plan").read_text("utf-8").splitlines()
    return [line.split()[0] for line in lines if line and not line.startswith("%")]


@pytest.fixture(scope="module")
def scripts(plan):
    """What the migrations run, one after the other, without comments."""
    texts = [(SQITCH / f"deploy/{change}.sql").read_text("utf-8") for change in plan]
    return [re.sub(r"--.*", "", text) for text in texts]


@pytest.fixture(scope="module")
def archive():
    """What the archive asks of PostgreSQL."""
    given = loaded(ANSIBLE / "roles/archive/vars/database.yml") | {
        "archive_client_networks": ["10.77.0.1/32"]
    }
    return rendered("{{ archive_database }}", ANSIBLE / "roles/postgresql", **given)


def named(items, pattern):
    """The first group of each item that begins with the pattern."""
    return {found[1] for item in items if (found := re.match(pattern, item))}


def test_every_migration_is_expected_to_be_deployed(items, plan):
    assert named(items, r"archive: migration (\w+)$") == set(plan)


def test_the_register_of_migrations_has_each_script_as_it_is(items, plan):
    """A script that was deployed is never changed: what is to be otherwise is one more."""
    for change in plan:
        digest = hashlib.sha1((SQITCH / f"deploy/{change}.sql").read_bytes()).hexdigest()  # noqa: S324 - Sqitch's
        assert items[f"archive: migration {change}"].endswith(f", by the script {digest}")
        assert items[f"archive: migration {change}: history"] == "deploy"


def test_every_table_of_state_puts_its_changes_on_record(items, scripts):
    recorded = set(re.findall(rf"SELECT archive\.make_recorded\('{NAME}'\)", "\n".join(scripts)))
    own = {"access_event", "access_days", "hold", "hold_release"}
    assert recorded == {"machine", "channel", "means", "sealing_key", "sealing_turn", *own}
    for table in recorded:
        assert items[f"archive: trigger record_change on archive.{table}"].startswith("always: ")


def test_functions_are_those_of_the_migrations(items, scripts):
    there = set()
    for text in scripts:
        there |= set(re.findall(rf"CREATE OR REPLACE FUNCTION {NAME}\(", text))
        there |= set(re.findall(r"ALTER FUNCTION archive\.\w+\([^)]*\)\s+RENAME TO (\w+)", text))
    assert named(items, rf"archive: function {NAME}\([^:]*\)$") == there


def test_a_function_that_was_dropped_is_not_expected(items, scripts):
    """Overloads are dropped by their arguments: those in the file are as many as scripts leave."""
    dropped = [
        found for text in scripts for found in re.findall(rf"DROP FUNCTION IF EXISTS {NAME}\(([^)]*)\)", text)
    ]
    assert dropped
    signatures = {
        re.sub(r"\s+", " ", item) for item in items if item.startswith("archive: function archive.")
    }
    for name, arguments in dropped:
        long_names = " ".join(arguments.replace("timestamptz", "timestamp with time zone").split())
        assert f"archive: function archive.{name}({long_names})" not in signatures


def test_tables_views_and_indexes_are_those_of_the_migrations(items, scripts):
    text = "\n".join(scripts)
    tables = {
        name for name in re.findall(rf"CREATE TABLE IF NOT EXISTS {NAME}", text) if not name.endswith("_")
    }
    tables |= {f"flush_{number}" for number in range(16)}
    partitioned = set(re.findall(rf"CREATE TABLE IF NOT EXISTS {NAME} \([^;]*PARTITION BY", text))
    assert partitioned == PARTITIONS.keys()
    assert named(items, r"archive: (?:partitioned )?table archive\.([^.: ]+)$") == {
        *tables,
        *PARTITIONS.values(),
    }
    assert named(items, rf"archive: view {NAME}$") == set(re.findall(rf"CREATE OR REPLACE VIEW {NAME}", text))
    indexes = set(re.findall(r"CREATE INDEX IF NOT EXISTS (\w+)", text))
    assert indexes <= named(items, rf"archive: index {NAME}$")


def test_every_table_that_is_kept_refuses_changes_and_commits_durably(items, scripts):
    text = "\n".join(scripts)
    append_only = set(re.findall(rf"SELECT archive\.make_append_only\('{NAME}'\)", text))
    (durable,) = re.findall(r"make_durable\(kept\)\s+FROM unnest\(ARRAY\[([^]]*)\]\) AS name", text)
    durable_later = set(re.findall(rf"SELECT archive\.make_durable\('{NAME}'\)", text))
    for trigger, tables in (
        ("append_only", append_only),
        ("durable_commit", set(re.findall(r"\w+", durable)) | durable_later),
    ):
        kept = tables | {partition for name, partition in PARTITIONS.items() if name in tables}
        assert named(items, rf"archive: trigger {trigger} on archive\.([^.: ]+)$") == kept
        assert all(
            value.startswith("always: ")
            for item, value in items.items()
            if item.startswith(f"archive: trigger {trigger} on ")
        )


def test_roles_are_those_of_the_databases_and_the_servers_own(items, archive):
    roles = {role["name"] for role in archive["roles"]} | {archive["owner"], "postgres"}
    there = named(items, r"role (\w+)$")
    assert {name for name in there if not name.startswith("pg_")} == roles
    for role in archive["roles"]:
        assert items[f"role {role['name']}"] == ("no login" if role["login"] == "none" else "login")
        limits = {
            f"{LONG_NAMES.get(name, name)}_timeout": f"{seconds}s"
            for name, seconds in role.get("timeouts_seconds", {}).items()
        }
        settings = limits | role.get("settings", {})
        prefix = f"role {role['name']} in any database: setting "
        assert {
            item.removeprefix(prefix): value for item, value in items.items() if item.startswith(prefix)
        } == settings
        if "connections" in role:
            assert items[f"role {role['name']}: connections"] == str(role["connections"])


def test_who_may_call_what_is_what_the_migrations_grant(items, scripts):
    """By role and function name: what is granted and not taken back, and nothing beside."""
    granted = set()
    for text in scripts:
        for what, roles in re.findall(r"GRANT EXECUTE ON FUNCTION(.*?)\bTO ([\w, ]+);", text, re.S):
            functions = re.findall(rf"{NAME}\(", what)
            granted |= {(role, function) for role in re.split(r",\s*", roles) for function in functions}
    there = {
        (role, function)
        for item in items
        for function, role in re.findall(rf"^archive: function {NAME}\(.*\): rights of (\w+)$", item)
    }
    assert there == granted
