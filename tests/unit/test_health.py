"""What `amanat status` says of hosts: well only when all is, and in words when something isn't."""

import json
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from amanat import health
from amanat.audit.errors import NotChecked, Unreachable
from amanat.audit.expectations import expectations
from amanat.errors import BadInput
from amanat_host import questions
from amanat_host.answers.monitoring import Firing, Monitoring
from tests.declared import declared, settings

NOW = datetime.now(UTC)


class Host:
    """A host that answers; tests set what it says."""

    def __init__(self, name):
        self.name = name
        self.audited = SimpleNamespace(carries=lambda service: service == name)
        self.system, self.failed, self.inactive, self.disk = "running", [], {}, 12
        self.backup_hours, self.drill = 2.0, {"at": (NOW - timedelta(days=3)).isoformat(), "passed": True}
        self.down = False
        self.going_down = False
        self.silent = ""
        self.firing, self.receivers = [Firing("Watchdog", "", "", "always")], ["webhook"]

    def run(self, command):
        if self.down:
            raise Unreachable(f"{self.name} can't be audited: no route")
        if "is-system-running" in command:
            said = self.system
        elif "is-active" in command and self.going_down:
            said = ""
        elif "is-active" in command:
            said = "\n".join(self.inactive.get(unit, "active") for unit in command.split()[2:])
        elif command.startswith("df "):
            said = f"Use% Mounted on\n  3% /\n {self.disk}% /srv/archive\n"
        else:
            said = json.dumps(self.drill) if self.drill else ""
        return SimpleNamespace(stdout=said)

    def json(self, command):
        return [{"unit": unit} for unit in self.failed]

    def ask(self, question):
        if question == questions.MONITORING:
            return Monitoring([], {}, {}, "", self.firing, "31d", self.receivers, 0, self.silent)
        assert question == questions.REPOSITORY
        stop = (NOW - timedelta(hours=self.backup_hours or 0)).timestamp()
        backup = {
            "label": "F",
            "type": "full",
            "timestamp": {"start": stop - 9, "stop": stop},
            "error": False,
        }
        backup |= {"info": {"size": 1}, "database": {"id": 1}}
        found = [backup] if self.backup_hours is not None else []
        stanza = {"status": {"code": 0}, "db": [{"id": 1, "system-id": 7}], "backup": found}
        return SimpleNamespace(stanza=stanza)


class Hosts(dict):
    """An inventory's hosts, each named after its service."""

    service = dict.__getitem__


@pytest.fixture
def hosts(monkeypatch):
    known = {name: Host(name) for name in RUNNING}

    @contextmanager
    def auditor(paths):
        yield Hosts(known)

    monkeypatch.setattr(health, "auditor", auditor)
    return SimpleNamespace(**known)


@pytest.fixture
def look(paths):
    """The health of a stack whose machines are in these states."""

    def of(**states):
        return health.of_stack(paths, {**RUNNING, **states})

    return of


RUNNING = {"store": "running", "vault": "running", "logs": "running"}


def test_hosts_that_have_all_they_need_are_well(hosts, look):
    found = look()
    assert list(found) == ["store", "vault", "logs", "newest_backup", "last_drill", "alerts"]
    assert all(one.well for one in found.values())
    assert found["store"].words == "well: all that it needs runs, and there is room"
    assert found["newest_backup"].words.startswith(f"full, ended {NOW.year}")
    assert found["last_drill"].words.startswith("passed, 20")
    assert "(1" in found["last_drill"].words


def test_alerts_that_fire_are_told_with_who_hears_of_them(hosts, look):
    assert look()["alerts"] == health.Health(True, "none; told by webhook")
    hosts.logs.firing.append(Firing("DiskFilling", "store", "", "/ of store is nearly full"))
    hosts.logs.receivers = []
    assert look()["alerts"] == health.Health(
        False, f"DiskFilling: / of store is nearly full ({health.NOBODY_TOLD})"
    )


def test_declarations_hold_until_the_next_end():
    found = health.of_declarations(settings().declared, date(2026, 12, 1))
    assert found == {
        "declarations": health.Health(True, "hold; next the eNAMAD seal ends, on 2027-08-23 (1406-06-01)")
    }
    assert health.of_declarations(None) == {}


def test_declarations_that_end_or_lack_something_are_told():
    given = settings(declared(licence=None)).declared
    (found,) = health.of_declarations(given, date(2027, 8, 24)).values()
    assert not found.well
    assert found.words.startswith(
        "the eNAMAD seal ended a day ago, on 2027-08-23 (1406-06-01): have it renewed"
    )
    assert found.words.endswith("; not declared: the licence")


def test_a_monitoring_that_does_not_answer_is_not_well(hosts, look):
    hosts.logs.silent = "no answer"
    assert look()["alerts"] == health.Health(False, "the monitoring is silent: no answer")


def test_a_stack_without_a_vault_has_no_backups(hosts, look, monkeypatch):
    monkeypatch.setattr(hosts.vault, "audited", SimpleNamespace(carries=lambda service: False))
    assert look()["newest_backup"] == health.Health(False, health.NO_VAULT)


@pytest.mark.parametrize("unit", expectations().of(["store"]).active_units)
def test_a_unit_that_was_stopped_is_named_though_none_failed(hosts, look, unit):
    hosts.store.inactive = {unit: "inactive"}
    assert look()["store"] == health.Health(False, f"{unit} is inactive")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            {"failed": ["amanat-copy.service"], "system": "degraded"},
            "amanat-copy.service failed (`systemctl status",
        ),
        (
            {"failed": ["ssh.service"], "inactive": {"ssh.service": "failed"}, "system": "degraded"},
            "ssh.service failed (`systemctl status ssh.service` on the host says why)",
        ),
        ({"system": "starting"}, "systemd says starting"),
        ({"system": "maintenance"}, "systemd says maintenance"),
        ({"disk": 86}, "/srv/archive is 86 % full"),
        ({"disk": 100}, "/srv/archive is 100 % full"),
        ({"down": True}, "runs, and can't be looked into: store can't be audited: no route"),
    ],
)
def test_what_is_wrong_with_a_host_is_said(hosts, look, said, words):
    vars(hosts.store).update(said)
    found = look()["store"]
    assert not found.well
    assert found.words.startswith(words)
    assert ";" not in found.words


def test_a_host_that_goes_down_while_it_is_looked_at_is_not_well(hosts, look):
    hosts.store.going_down = True
    assert "systemd says nothing of its units" in look()["store"].words
    assert not look()["store"].well


def test_a_full_disk_is_what_the_law_register_calls_so(hosts, look):
    hosts.store.disk = 85
    assert look()["store"].well


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("stopped", "is stopped: `make up` starts it"),
        ("paused", "is paused: `make up` starts it"),
        ("never started", "was never started: `make up` starts it"),
        ("dead", "is dead: `make up` starts it"),
    ],
)
def test_a_host_that_does_not_run_is_not_asked(hosts, look, state, words):
    hosts.vault.down = True
    found = look(vault=state)
    assert found["vault"].words == words
    assert list(found) == ["store", "vault", "logs", "alerts"]
    assert found["store"].well


def test_a_vault_that_does_not_answer_is_asked_no_further(hosts, look):
    hosts.vault.down = True
    assert list(look()) == ["store", "vault", "logs", "alerts"]


def test_a_scratch_host_is_no_fault(hosts, look):
    assert look(drill="running")["drill"].well


@pytest.mark.parametrize(
    ("said", "name", "words"),
    [
        ({"backup_hours": 26}, "newest_backup", "which is too long ago: see `amanat-backup.service`"),
        ({"backup_hours": -1}, "newest_backup", "which lies ahead: a clock is wrong"),
        ({"backup_hours": None}, "newest_backup", "the repository holds no backup"),
        ({"drill": None}, "last_drill", "none yet: run `make drill`"),
        ({"drill": {"at": NOW.isoformat(), "passed": False}}, "last_drill", "failed, 20"),
        (
            {"drill": {"at": (NOW - timedelta(days=34)).isoformat(), "passed": True}},
            "last_drill",
            "which is too long ago: run `make drill`",
        ),
    ],
)
def test_a_backup_or_a_drill_that_proves_nothing_is_said(hosts, look, said, name, words):
    vars(hosts.vault).update(said)
    found = look()[name]
    assert not found.well
    assert words in found.words


@pytest.mark.parametrize("error", [BadInput("there is no inventory"), NotChecked("it can't be read")])
def test_without_an_inventory_that_is_said_of_every_host(monkeypatch, look, error):
    def auditor(paths):
        raise error

    monkeypatch.setattr(health, "auditor", auditor)
    assert {one.words for one in look().values()} == {f"can't be looked into: {error.what}"}
