"""A stack's machines have one door, `amanat.targets`: nobody else imports what is a target's, or its libraries."""

import ast

import pytest

from amanat.paths import PROJECT_ROOT

DOOR = PROJECT_ROOT / "amanat/targets"
# Target -> the libraries that it alone may import.
LIBRARIES = {"docker": ("docker", "pulumi_docker")}
# The door itself: it chooses a target, and includes its settings.
OPENED = {
    DOOR / "__init__.py": {"amanat.targets.docker.operations", "amanat.targets.docker.target"},
    DOOR / "settings.py": {"amanat.targets.docker.settings"},
}
OURS = [
    *sorted((PROJECT_ROOT / "amanat").rglob("*.py")),
    *sorted((PROJECT_ROOT / "policies").rglob("*.py")),
    PROJECT_ROOT / "__main__.py",
]


def imported(text, package=""):
    """The full names of the modules that a source imports, wherever in it; `package` is its own."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{one.name}" for one in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("import_module", "__import__"):
                yield str(node.args[0].value)


def of_a_target(text, package="", *, but=""):
    """What of it only a target may import, those of the target `but` left out."""
    own = [
        name
        for target, libraries in LIBRARIES.items()
        for name in (*libraries, f"amanat.targets.{target}")
        if target != but
    ]
    return {
        name
        for name in imported(text, package)
        if any(name == one or name.startswith(f"{one}.") for one in own)
    }


def test_every_target_is_known():
    assert {path.parent.name for path in DOOR.glob("*/__init__.py")} == set(LIBRARIES)


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(PROJECT_ROOT)))
def test_nobody_else_imports_what_is_a_targets(path):
    package = ".".join(path.relative_to(PROJECT_ROOT).parent.parts)
    allowed = OPENED.get(path, set())
    inside = path.relative_to(DOOR).parts[0] if DOOR in path.parents else ""
    found = {
        name
        for name in of_a_target(path.read_text("utf-8"), package, but=inside)
        if not any(name == one or name.startswith(f"{one}.") for one in allowed)
    }
    assert found == set(), "ask the contract of amanat.targets for it"


@pytest.mark.parametrize("path", OPENED, ids=lambda path: path.name)
def test_the_door_is_no_wider_than_it_is_used(path):
    assert OPENED[path] <= of_a_target(path.read_text("utf-8"))


@pytest.mark.parametrize(
    "source",
    [
        "import docker",
        "import docker.errors as e",
        "import pulumi_docker as docker",
        "from docker.errors import NotFound",
        "def f():\n    from amanat.targets.docker import client",
        "from amanat.targets import docker",
        "from amanat.targets.docker.operations import DockerOperations",
        "from . import docker",
        "from .docker import client",
        "import importlib\nimportlib.import_module('amanat.targets.docker.scratch')",
        "__import__('docker')",
    ],
)
def test_other_ways_in_are_seen(source):
    assert of_a_target(source, "amanat.targets")


@pytest.mark.parametrize(
    "source",
    [
        "from amanat.targets import operations",
        "import dockerfile",
        "from amanat.targets.contract import Target",
    ],
)
def test_the_door_itself_may_be_used(source):
    assert not of_a_target(source, "amanat.cli")
