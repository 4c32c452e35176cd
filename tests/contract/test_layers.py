"""The layers: who may import whom. Arrows point one way, and each exception stands here with its reason."""

import ast
import re

import pytest
import yaml

from amanat.audit.expectations import SERVICES
from amanat.paths import PROJECT_ROOT

# Side by side, each with what it may import beside the ground, which is everything that no room names.
ROOMS = {
    "evidence": (("amanat.evidence",), set()),
    "setup": (("amanat.setup",), set()),
    "site": (("amanat.site",), set()),
    "ansible": (
        ("amanat.ansible_environment", "amanat.playbook_content", "amanat.runner")
        + ("amanat.inventory", "amanat.inventory_tree", "amanat.secrets_socket")
        + ("amanat.variables", "amanat.parts"),
        {"setup"},
    ),
    "audit": (("amanat.audit",), {"evidence", "site"}),
    "program": (
        ("amanat.controller_files", "amanat.configure", "amanat.configuration", "amanat.keyring")
        + ("amanat.keys", "amanat.report_errors", "amanat.secret_outputs", "amanat.stateful_services")
        + ("amanat.site_archive",),
        {"ansible", "door", "setup", "site"},
    ),
    "door": (("amanat.targets",), {"program", "setup", "docker"}),
    "docker": (("amanat.targets.docker",), {"door", "program", "setup"}),
    "stack": (("amanat.stack", "amanat.stack_file", "amanat.pulumi_events"), {"door", "setup"}),
    "recovery": (
        ("amanat.recovery", "amanat.health", "amanat.stored_logs"),
        {"audit", "evidence", "ansible", "door", "stack"},
    ),
    "cli": (
        ("amanat.cli", "amanat.start", "amanat.__main__"),
        {"ansible", "audit", "door", "evidence", "recovery", "setup", "site", "stack"},
    ),
}
AT_HAND = {  # what anybody may take from a room: plain functions that know nothing of the rest of it
    "amanat.ansible_environment",
    "amanat.inventory",  # its first line, and the form of its secrets
    "amanat.targets.machine",
    "amanat.targets.settings",
}
EXCEPTIONS = {
    ("amanat.inventory", "amanat.stack"): "a source that Ansible starts by itself asks Pulumi for secrets",
}
PLACED = "|".join(SERVICES)
NAMES = f"{PLACED}|drill"  # the drill's scratch machine always has its own name
SERVICE = re.compile(rf"(?<![\w.-])(?<!(?<!/)/)({NAMES})(?![\w-])")  # also as the host of a URL
FIXED_MACHINE = re.compile(rf"hostvars(\.|\[['\"])({PLACED})\b|delegate_to: ({PLACED})\b")


def room_of(module):
    """The room that a module lies in, by the longest of its names that is listed; the ground otherwise."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        prefix = ".".join(parts[:length])
        for room, (modules, _) in ROOMS.items():
            if prefix in modules:
                return room
    return "ground"


def module_name(path):
    parts = path.relative_to(PROJECT_ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name):
    path = PROJECT_ROOT / name.replace(".", "/")
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def imports(text):
    """Whatever a module imports, also inside functions: full names, those of modules without what is taken of them."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                yield inner if is_module(inner) else node.module


def crossings(module, imported):
    """The pair, if the module may not import that."""
    if not imported.startswith("amanat.") or imported in AT_HAND:
        return False
    own, other = room_of(module), room_of(imported)
    allowed = ROOMS[own][1] if own != "ground" else set()
    return other not in {"ground", own, *allowed}


def test_every_listed_module_is_there():
    listed = {module for modules, _ in ROOMS.values() for module in modules} | AT_HAND
    assert {module for module in listed if not is_module(module)} == set()


def test_each_target_has_a_room_of_its_own():
    targets = {path.parent.name for path in PROJECT_ROOT.glob("amanat/targets/*/__init__.py")}
    assert {name: ROOMS.get(name, ((),))[0] for name in targets} == {
        name: (f"amanat.targets.{name}",) for name in targets
    }


def sources(*folders):
    for folder in folders:
        yield from sorted((PROJECT_ROOT / folder).rglob("*.py"))


def pairs(*folders):
    return {
        (module_name(path), imported)
        for path in sources(*folders)
        for imported in imports(path.read_text("utf-8"))
    }


def test_rooms_know_those_below_them_only():
    found = {(module, imported) for module, imported in pairs("amanat") if crossings(module, imported)}
    assert found == set(EXCEPTIONS)


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("amanat.audit.host", "amanat.stack"),
        ("amanat.stack", "amanat.audit.host"),
        ("amanat.configure", "amanat.stack"),
        ("amanat.cli.app", "amanat.targets.docker.client"),
        ("amanat.law", "amanat.audit.expectations"),
        ("amanat.evidence.run", "amanat.audit"),
        ("amanat.targets.docker.image", "amanat.stack"),
    ],
)
def test_an_arrow_that_points_up_or_aside_is_seen(module, imported):
    assert crossings(module, imported)


def test_the_library_knows_neither_policies_nor_playbooks_nor_tests():
    outside = {"policies", "ansible", "tests", "scripts"}
    assert {pair for pair in pairs("amanat") if pair[1].split(".")[0] in outside} == set()


def test_policies_know_neither_playbooks_nor_tests():
    ours = {"ansible", "tests", "scripts"}
    assert {pair for pair in pairs("policies") if pair[1].split(".")[0] in ours} == set()


def test_what_runs_on_hosts_knows_nothing_of_ours():
    ours = {"amanat", "policies", "tests", "scripts"}
    assert {pair for pair in pairs("ansible", "host") if pair[1].split(".")[0] in ours} == set()


def words(value):
    """Every text in a YAML document, keys left out."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words(inner)
    elif isinstance(value, str):
        yield value


def test_no_roles_defaults_name_a_machine():
    found = {
        (path.parts[-3], name)
        for path in sorted(PROJECT_ROOT.glob("ansible/roles/*/defaults/*.yml"))
        for name, value in (yaml.safe_load(path.read_text("utf-8")) or {}).items()
        if any(SERVICE.search(text) for text in words(value))
    }
    assert found == set()


def test_no_playbook_looks_a_machine_up_by_a_services_name():
    files = [path for ending in ("yml", "j2") for path in PROJECT_ROOT.glob(f"ansible/**/*.{ending}")]
    assert files
    assert [path for path in files if FIXED_MACHINE.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("vault", True),
        ("https://vault:8000", True),
        ("{{ groups.vault }}", False),
        ("the store", True),
        ("/srv/store", False),
    ],
)
def test_a_name_of_a_service_is_known_in_a_text(text, named):
    assert bool(SERVICE.search(text)) == named
