"""Each setting reaches the hosts, or is known to stay on the controller; its default is the role's own."""

import ast
import re

import pytest
import yaml

from amanat import certificates, topology, variables
from amanat.law import register
from amanat.network import Network
from amanat.paths import PROJECT_ROOT, StackPaths
from amanat.settings import Settings
from tests.declared import DECLARED, NAMES
from tests.rendering import ANSIBLE, loaded, rendered

# Settings that no role is told, and who reads them: `settings.<name>` stands in one of the library's modules.
ON_THE_CONTROLLER = {
    "target": "the door chooses by it",
    "engine": "where the controller makes the machines",
    "image_source": "how the controller makes the image",
    "image_base": "how the controller makes the image",
    "image_registry": "how the controller makes the image",
    "debian_suite": "how the controller makes the image; there is one value",
    "network_subnet": "addresses are allocated in it, and those reach the hosts",
    "ssh_ports": "what the engine publishes",
    "database_port": "what the engine publishes",
    "site_port": "what the engine publishes",
    "memory_mib": "the container's limit, which a host reads by itself",
    "pypi_index": "where the controller's own packages come from",
    "go_proxy": "where the controller's own tools come from",
    "restore_drill_days": "the controller begins drills",
    "schedule_converge": "the controller's own timers",
    "schedule_audit": "the controller's own timers",
    "alert_smtp_password_file": "it is read there, and what it holds is a secret",
    "operator_name_en": "the controller renders the site",
    "operator_name_fa": "the controller renders the site",
    "declarations": "the controller renders the site",
    "site_templates_directory": "the controller renders the site",
}
# Settings of a service that this release doesn't build.
LATER = {
    "internet_mbit_per_second": "otp",
}
# Another good value of what is neither a number nor one of several words.
ANOTHER = {
    "placement": {"alpha": "store", "beta": "vault"},
    "debian_mirror": "https://mirror.example/debian",
    "debian_security_mirror": "https://mirror.example/security",
    "pypi_index": "https://mirror.example/simple",
    "go_proxy": "direct",
    "http_proxy": "http://proxy.example:3128",
    "name_servers": "10.0.0.53",
    "trusted_ca_file": "ca.pem",
    "timestamp_url": "https://tsa.example/tsr",
    "timestamp_ca_file": "ca.pem",
    "copy_second_server": "https://copies.example/amanat",
    "operator_name_en": "Another operator",
    "operator_name_fa": "اپراتور دیگر",
    "declarations": DECLARED,
    "site_templates_directory": "templates/own",
    "desk_agents": {"zahra": "Zahra Karimi <zahra@example.org>"},
    "desk_mail_domain": "desk.example.org",
    "engine": "unix:///run/another.sock",
    "image_base": "debian:trixie",
    "image_registry": "registry.example",
    "network_subnet": "10.64.7.0/24",
    "ssh_ports": {"store": 2201},
    "memory_mib": {"store": 2048},
    "database_port": 2202,
    "site_port": 2203,
    "backup_interval_hours": 12,
    "copy_interval_hours": 12,
    "alert_webhook_url": "https://hooks.example/amanat",
    "alert_email": "operator@example.org",
    "alert_email_from": "amanat@example.org",
    "alert_smtp_server": "mail.example.org:465",
    "alert_smtp_user": "amanat",
    "alert_smtp_password_file": "password",
}
# What a setting needs beside it, before it decides anything.
MAIL = {"alert_email": "somebody@example.org", "alert_smtp_server": "mail.example.org:587"}
DESK = {"placement": {"alpha": "store desk", "beta": "vault"}}
BESIDE = {
    "desk_agents": DESK,
    "desk_mail_domain": DESK,
    "declarations": {
        **NAMES,
        "placement": {"store": "store", "vault": "vault logs"},
    },  # with them alone comes the edge
    "alert_email": {"alert_smtp_server": "mail.example.org:587"},
    "alert_email_from": MAIL,
    "alert_smtp_server": MAIL,
    "timestamp_url": {"timestamp_url": "https://another.example/tsr", "timestamp_ca_file": "ca.pem"},
    "timestamp_ca_file": {"timestamp_url": "https://tsa.example/tsr", "timestamp_ca_file": "another.pem"},
    "alert_smtp_user": {**MAIL, "alert_smtp_password_file": "password"},
}
ONE_VALUE = {"target", "debian_suite"}
# What a role itself refuses beyond the law, though a setting is the place for it.
OF_THE_ROLE = {
    "archive_message_retention_days": "the schema refuses fewer: a record that was removed is gone",
    "archive_ip_retention_days": "the schema refuses fewer: a record that was removed is gone",
    "pgbackrest_repository_interval_hours": "no calendar of a timer has another step than one that divides a day",
    "restic_client_interval_hours": "no calendar of a timer has another step than one that divides a day",
}
NAMES = (*topology.SERVICES, "alpha", "beta")
NETWORK = Network.from_json(
    {
        "addresses": {name: f"10.99.7.{number}" for number, name in enumerate(NAMES, start=8)},
        "controller": "10.99.7.1",
    }
)
MODULES = [PROJECT_ROOT / "__main__.py", *sorted((PROJECT_ROOT / "amanat").rglob("*.py"))]


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    project = tmp_path_factory.mktemp("project")
    for name in ("ca.pem", "another.pem"):
        (project / name).write_text(certificates.new_authority("Another", 1).certificate_pem, "ascii")
    return StackPaths("settings", project)


@pytest.fixture(autouse=True)
def _own_mirrors(monkeypatch):
    """The environment's mirrors are no setting."""
    monkeypatch.setattr(variables.Mirrors, "from_environment", variables.Mirrors)


def another(name):
    """A good value of a setting that is not its default; None where it has no other."""
    default = getattr(Settings(), name)
    annotation = Settings.model_fields[name].annotation
    if name in ANOTHER:
        return ANOTHER[name]
    if isinstance(default, bool):
        return not default
    if isinstance(default, int):
        beyond = name in register().owners and register().breach(name, default + 1, "")
        return default - 1 if beyond else default + 1
    words = [word for word in getattr(annotation, "__args__", ()) if word != default]
    return words[0] if words else None


def told(settings, paths):
    """What the roles are told: (machine or group, variable) -> value."""
    keys = dict.fromkeys(("deploy", "auditor", "ca", "sealing", "anchor", "desk"), "key")
    endpoints = {machine: ["127.0.0.1", 2222, "key"] for machine in settings.machines.machines}
    published = {machine: {"edge.https": "127.0.0.1:8443"} for machine in settings.machines.machines}
    known = {**keys, "endpoints": endpoints, "network": NETWORK.as_json()}
    known |= {"published": published, "site": "5" * 64}
    tree = yaml.safe_load(variables.inventory(settings, paths, known))["all"]
    found = {("all", name): value for name, value in tree["vars"].items()}
    for group, content in tree["children"].items():
        found |= {(group, name): value for name, value in (content.get("vars") or {}).items()}
    for machine, own in tree["hosts"].items():
        found |= {(machine, name): value for name, value in own.items()}
    return found


def changed(name, paths):
    """The variables that a setting decides, with their values while it has its default."""
    value = another(name)
    before = told(Settings.parse(BESIDE.get(name, {}), "test"), paths)
    if value is None:
        return {}
    after = told(Settings.parse({**BESIDE.get(name, {}), name: value}, "test"), paths)
    return {
        variable: before.get((place, variable))
        for place, variable in sorted({*before, *after})
        if before.get((place, variable)) != after.get((place, variable))
    }


def role_of(variable):
    """The role that a variable is named after."""
    roles = [path for path in ANSIBLE.glob("roles/*") if variable.startswith(f"{path.name}_")]
    return max(roles, key=lambda path: len(path.name))


def read_by_the_library():
    return {
        node.attr
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
    }


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_reaches_the_hosts_or_is_known_to_stay(name, paths):
    stays = name in ON_THE_CONTROLLER or name in LATER
    assert another(name) is not None or name in ONE_VALUE
    assert bool(changed(name, paths)) != stays, "amanat/variables.py tells no role of it"


def test_what_stays_on_the_controller_is_read_there():
    assert set(ON_THE_CONTROLLER) - {"target"} <= read_by_the_library()


def test_what_comes_later_comes_with_a_service_that_is_not_built():
    assert [name for name, service in LATER.items() if topology.SERVICES[service].built] == []
    assert set(LATER) & read_by_the_library() == set()


@pytest.mark.parametrize("name", sorted({*Settings.model_fields} - {"placement", *BESIDE}))
def test_a_setting_and_the_role_have_one_default(name, paths):
    for variable, value in changed(name, paths).items():
        defaults = loaded(role_of(variable) / "defaults/main.yml")
        assert variable not in defaults or defaults[variable] == value, variable


def beyond_the_law(name):
    """The values next to a bound on its wrong side, of which a role could make something."""
    bound = register().bound(register().owners[name], name)
    near = [bound.min and bound.min - 1, bound.max and bound.max + 1]
    return [value for value in near if value and value >= 1]


BOUNDED = [name for name in Settings.model_fields if name in register().owners]


@pytest.mark.parametrize("name", BOUNDED)
def test_a_role_leaves_the_law_to_the_settings(name, paths):
    """It refuses what it can't work with; a bound has one place, the register."""
    for variable in changed(name, paths).keys() - OF_THE_ROLE.keys():
        role = role_of(variable)
        preflight = role / "tasks/preflight.yml"
        tasks = loaded(preflight) if preflight.exists() else []
        clauses = [one for task in tasks for one in task.get("ansible.builtin.assert", {}).get("that", [])]
        for clause in clauses:
            if re.search(rf"\b{variable}\b", clause):
                refused = [
                    value
                    for value in beyond_the_law(name)
                    if not rendered(f"{{{{ {clause} }}}}", role, **{variable: value})
                ]
                assert refused == [], clause
