"""A stack's machines have one door, `amanat.targets`: nobody else imports Docker or what lies below a target."""

import ast

import pytest

from amanat.paths import PROJECT_ROOT

DOOR = PROJECT_ROOT / "amanat/targets"
TARGET = DOOR / "docker"
# What only the target docker may import.
ITS_OWN = ("docker", "pulumi_docker", "amanat.targets.docker")
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


def of_docker(text, package=""):
    """What of it only the target docker may import."""
    return {
        name
        for name in imported(text, package)
        if any(name == own or name.startswith(f"{own}.") for own in ITS_OWN)
    }


@pytest.mark.parametrize(
    "path",
    [path for path in OURS if TARGET not in path.parents],
    ids=lambda path: str(path.relative_to(PROJECT_ROOT)),
)
def test_nobody_else_imports_docker(path):
    package = ".".join(path.relative_to(PROJECT_ROOT).parent.parts)
    allowed = OPENED.get(path, set())
    found = {
        name
        for name in of_docker(path.read_text("utf-8"), package)
        if not any(name == one or name.startswith(f"{one}.") for one in allowed)
    }
    assert found == set(), "ask the contract of amanat.targets for it"


@pytest.mark.parametrize("path", OPENED, ids=lambda path: path.name)
def test_the_door_is_no_wider_than_it_is_used(path):
    assert OPENED[path] <= of_docker(path.read_text("utf-8"))


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
    assert of_docker(source, "amanat.targets")


@pytest.mark.parametrize(
    "source",
    [
        "from amanat.targets import operations",
        "import dockerfile",
        "from amanat.targets.contract import Target",
    ],
)
def test_the_door_itself_may_be_used(source):
    assert not of_docker(source, "amanat.cli")
