"""One PostgreSQL server carries what its services hand in: here the archive, and beside it a database of the desk."""

import json
import re

import pytest
import yaml

from amanat.audit.archive import CLIENTS, REMOTE_ROLES
from tests.loading import load
from tests.rendering import ANSIBLE, loaded, rendered, rendered_template

ROLE = ANSIBLE / "roles/postgresql"
DESK = {
    "name": "desk",
    "owner": "desk_owner",
    "networks": ["10.77.0.14/32"],
    "roles": [
        {
            "name": "desk_application",
            "login": "network",
            "connections": 16,
            "timeouts_seconds": {
                "statement": 60,
                "lock": 5,
                "idle_in_transaction": 15,
                "transaction": 90,
                "idle": 600,
            },
            "settings": {"log_min_messages": "panic"},
        },
        {"name": "desk_jobs", "login": "local", "account": "rt", "connections": 2},
    ],
    "grants": [
        {
            "type": "function",
            "objects": ["pg_advisory_lock(bigint)"],
            "roles": ["desk_application"],
            "privileges": "EXECUTE",
        }
    ],
}
PASSWORDS = {
    f"archive_{name}": "a password of 24 letters".replace(" ", "-")
    for name in ("writer", "auditor", "discloser", "anchor")
}
DESCRIBED = sorted(ANSIBLE.glob("roles/*/vars/database.yml"))
ROOM = 12  # connections beside those of the roles


def given_by_the_playbooks(*described):
    """What the store's playbook gives the role, with the databases that these files describe."""
    given = loaded(ANSIBLE / "playbooks/vars/postgresql.yml") | loaded(
        ANSIBLE / "roles/volume/defaults/main.yml"
    )
    for path in described:
        given |= loaded(path)
    return given | {"postgresql_address": "10.77.0.11", "postgresql_memory": 2048}


@pytest.fixture(scope="module")
def archive():
    """The archive alone."""
    given = {
        **given_by_the_playbooks(ANSIBLE / "roles/archive/vars/database.yml"),
        "archive_client_networks": ["10.77.0.1/32", "10.77.0.12/32"],
        "postgresql_passwords": PASSWORDS,
    }
    return given | {"postgresql_databases": [rendered("{{ archive_database }}", ROLE, **given)]}


@pytest.fixture(scope="module")
def whole():
    """Every database of the tree, with a network and a password wherever one is asked for."""
    networks = {
        name: ["10.77.0.1/32"]
        for path in DESCRIBED
        for name in re.findall(r"\w+_networks", path.read_text("utf-8"))
    }
    given = given_by_the_playbooks(*DESCRIBED) | networks
    databases = rendered("{{ postgresql_databases }}", ROLE, **given)
    roles = [role["name"] for one in databases for role in one["roles"] if role["login"] == "network"]
    passwords = {name: f"a-password-of-{name}" for name in roles}
    return {**given, "postgresql_databases": databases, "postgresql_passwords": passwords}


@pytest.fixture(scope="module")
def both(archive):
    """The same and a second database, as a service of a later release will hand it in."""
    databases = [*archive["postgresql_databases"], DESK]
    passwords = {**PASSWORDS, "desk_application": "another-password-of-some-length"}
    return {**archive, "postgresql_databases": databases, "postgresql_passwords": passwords}


@pytest.fixture(scope="module")
def filters():
    return load(ROLE / "filter_plugins/databases.py")


def template(name, given):
    return rendered_template(ROLE / "templates" / name, **given)


def rules(name, given):
    return [line for line in template(name, given).splitlines() if not line.startswith("#")]


def guarded(given):
    """What the task that speaks to the guard tells it."""
    task = next(
        task for task in loaded(ROLE / "tasks/roles.yml") if task["name"].startswith("Set the roles'")
    )
    known = {"query_result": [{"verifiers": {}}]}
    told = rendered(
        task["ansible.builtin.command"]["stdin"], ROLE, **given, **task["vars"], postgresql_known=known
    )
    return json.loads(told)


def test_a_connection_is_kept_for_each_that_a_role_may_have(archive, both):
    assert f"max_connections = {48 + 8 + 4 + 4 + 4 + 4 + 2 + ROOM}\n" in template(
        "postgresql.conf.j2", archive
    )
    assert f"max_connections = {48 + 8 + 4 + 4 + 4 + 4 + 2 + 16 + 2 + ROOM}\n" in template(
        "postgresql.conf.j2", both
    )


def test_each_database_lets_in_its_own_roles_from_its_own_networks(archive, both):
    remote = "archive_anchor,archive_auditor,archive_discloser,archive_writer"
    own = [
        f"hostssl  archive  {remote}  10.77.0.1/32  scram-sha-256  clientcert=verify-full",
        f"hostssl  archive  {remote}  10.77.0.12/32  scram-sha-256  clientcert=verify-full",
    ]
    jobs = [f"local  archive  archive_{job}  peer  map=jobs" for job in ("monitor", "purger", "sealer")]
    first = ["local  all  postgres  peer", *jobs]
    assert rules("pg_hba.conf.j2", archive) == [*first, *own]
    assert rules("pg_hba.conf.j2", both) == [
        *first,
        "local  desk  desk_jobs  peer  map=jobs",
        *own,
        "hostssl  desk  desk_application  10.77.0.14/32  scram-sha-256  clientcert=verify-full",
    ]


def test_each_job_has_the_one_role_that_it_names(archive, both):
    own = [
        "jobs  archive-purger  archive_purger",
        "jobs  archive-sealer  archive_sealer",
        "jobs  metrics-database  archive_monitor",
    ]
    assert rules("pg_ident.conf.j2", archive) == own
    assert rules("pg_ident.conf.j2", both) == [*own, "jobs  rt  desk_jobs"]


def test_the_guard_gets_every_role_of_every_database(archive, both):
    first, second = guarded(archive), guarded(both)
    own = {"archive_owner", "archive_audited", "archive_monitor", "archive_sealer", "archive_purger"}
    assert set(first) == {"postgres", *own, *PASSWORDS}
    assert set(second) - set(first) == {"desk_owner", "desk_application", "desk_jobs"}
    assert {name for name, role in second.items() if role["verifier"]} == {*PASSWORDS, "desk_application"}
    assert second["desk_application"]["settings"] == {
        "statement_timeout": "60s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "15s",
        "transaction_timeout": "90s",
        "idle_session_timeout": "600s",
        "log_min_messages": "panic",
    }
    assert second["desk_jobs"]["settings"] == second["desk_owner"]["settings"] == {}
    assert second["postgres"]["settings"]["transaction_timeout"] == "0s"


def test_what_the_archive_hands_in_fits_and_so_does_a_second_database(archive, both, filters):
    judged = "{{ postgresql_databases | database_faults(postgresql_passwords) }}"
    assert rendered(judged, ROLE, **archive) == []
    assert rendered(judged, ROLE, **both) == []


def test_every_database_of_the_tree_fits(whole):
    assert rendered("{{ postgresql_databases | database_faults(postgresql_passwords) }}", ROLE, **whole) == []
    rooms = [role.get("connections", 0) for one in whole["postgresql_databases"] for role in one["roles"]]
    assert f"max_connections = {sum(rooms) + ROOM}\n" in template("postgresql.conf.j2", whole)
    written = "\n".join(rules("pg_hba.conf.j2", whole))
    assert [one["name"] for one in whole["postgresql_databases"] if f"  {one['name']}  " not in written] == []


def test_every_database_that_a_role_describes_is_on_the_servers_list(whole):
    described = {name for path in DESCRIBED for name in loaded(path)}
    listed = loaded(ANSIBLE / "playbooks/vars/postgresql.yml")["postgresql_databases"]
    assert set(re.findall(r"\w+_database\b", str(listed))) == described


@pytest.mark.parametrize("playbook", ["store", "drill"])
def test_a_playbook_that_makes_the_server_reads_every_description(playbook):
    plays = loaded(ANSIBLE / f"playbooks/{playbook}.yml")
    (files,) = (play["vars_files"] for play in plays if {"role": "postgresql"} in play.get("roles", []))
    wanted = {str(path.relative_to(ANSIBLE)) for path in DESCRIBED}
    assert {name.removeprefix("../") for name in files} == {*wanted, "vars/postgresql.yml"}


def test_what_a_database_hands_in_is_what_the_role_declares(whole):
    """Ansible compares them on a host; here so that a check without one does."""
    declared = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text("utf-8"))["argument_specs"]["main"]
    options = declared["options"]["postgresql_databases"]["options"]
    for given in whole["postgresql_databases"]:
        for entry, allowed in (
            (given, options),
            *((role, options["roles"]["options"]) for role in given["roles"]),
        ):
            assert set(entry) <= set(allowed)
            assert {name for name, option in allowed.items() if option.get("required")} <= set(entry)


FAULTS = {
    "a database twice": (
        lambda one: [one, {"name": "desk", "owner": "other", "roles": []}],
        "database desk is described twice",
    ),
    "a role twice": (
        lambda one: [one, one | {"name": "otp", "owner": "otp_owner", "roles": one["roles"][:1]}],
        "role desk_application is described twice",
    ),
    "a name that is SQL": (
        lambda one: [one | {"owner": "x; drop"}],
        "role x; drop must be small letters, digits and _",
    ),
    "no network": (
        lambda one: [one | {"networks": []}],
        "database desk has roles that log in over the network, and no network",
    ),
    "an address": (
        lambda one: [one | {"networks": ["10.0.0.1"]}],
        "database desk: 10.0.0.1 is no network such as 10.77.0.0/24",
    ),
    "a network too far": (
        lambda one: [one | {"networks": ["10.0.0.0/33"]}],
        "database desk: 10.0.0.0/33 is no network such as 10.77.0.0/24",
    ),
    "no connections": (
        lambda one: [one | {"roles": [one["roles"][0], {"name": "jobs", "login": "local", "account": "rt"}]}],
        "role jobs must have connections if it logs in, and none otherwise",
    ),
    "no account": (
        lambda one: [
            one | {"roles": [one["roles"][0], {"name": "jobs", "login": "local", "connections": 1}]}
        ],
        "role jobs must have an account if its login is local, and none otherwise",
    ),
    "a role of nobody with connections": (
        lambda one: [one | {"roles": [*one["roles"], {"name": "read", "login": "none", "connections": 1}]}],
        "role read must have connections if it logs in, and none otherwise",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_what_does_not_fit_is_told(filters, case):
    change, fault = FAULTS[case]
    assert filters.database_faults(change(DESK), {"desk_application": "a-password-of-length"}) == [fault]


@pytest.mark.parametrize(
    ("passwords", "fault"),
    [
        ({}, "role desk_application logs in over the network and has no password"),
        (
            {"desk_application": "short"},
            "the password of desk_application must have at least 16 printable ASCII characters",
        ),
        (
            {"desk_application": "a-password-of-length", "desk_jobs": "a-password-of-length"},
            "a password is given for desk_jobs, which no network logs in as",
        ),
    ],
)
def test_passwords_are_those_of_the_roles_that_come_over_the_network(filters, passwords, fault):
    assert filters.database_faults([DESK], passwords) == [fault]


def test_the_role_knows_no_database_of_its_own():
    """The words of what it carries: the rest of the archive's are PostgreSQL's own (archive_command, messages)."""
    words = re.compile(
        r"\barchive\b|archive_(?!command|mode|timeout)|\bstore\b|\bvault\b|writer|disclos|\bseal|desk|otp"
    )
    files = [path for path in ROLE.rglob("*") if path.suffix in (".yml", ".j2", ".sql", ".sudoers", ".md")]
    found = {path.name: words.findall(path.read_text("utf-8")) for path in files}
    assert {name: one for name, one in found.items() if one} == {}


def test_the_audit_knows_each_role_that_comes_over_the_network(archive):
    roles = archive["archive_database"]["roles"]
    assert {one["name"] for one in roles if one["login"] == "network"} == set(REMOTE_ROLES)
    assert set(CLIENTS) < set(REMOTE_ROLES)
