"""Programs are started through one door (amanat/processes.py), so that none inherits the environment of a person."""

import ast
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from amanat import environment
from amanat.paths import PROJECT_ROOT

DOOR = PROJECT_ROOT / "amanat/processes.py"
STARTERS = (
    "subprocess",
    "_posixsubprocess",
    "multiprocessing",
    "pexpect",
    "pty",
    "popen2",
    "sh",
    "plumbum",
    "invoke",
    "webbrowser",
    "ansible_runner.run",
    "ansible_runner.run_async",
    "ansible_runner.run_command",
    "ansible_runner.run_command_async",
    "concurrent.futures.ProcessPoolExecutor",
    "concurrent.futures.process",
    "asyncio.subprocess",
    "asyncio.create_subprocess_exec",
    "asyncio.create_subprocess_shell",
    "pytest.main",
    "click.edit",
    "click.launch",
    "typer.launch",
    "typer.edit",
    "runpy",
    "ansible_runner.interface.run",
)
OF_OS = ("system", "popen", "exec", "spawn", "posix_spawn", "fork", "startfile")
LOADERS = ("__import__", "importlib.import_module")
OF_LOOPS = {"subprocess_exec", "subprocess_shell"}
OURS = [
    *sorted((PROJECT_ROOT / "amanat").rglob("*.py")),
    *sorted((PROJECT_ROOT / "policies").rglob("*.py")),
    PROJECT_ROOT / "__main__.py",
]


def started(text):
    """Each way of starting a program that the source names, with its line."""
    tree = ast.parse(text)
    names = {}
    for node in ast.walk(tree):
        for name, full in _imported(node):
            names[name] = full if node.__class__ is ast.ImportFrom or name != full.partition(".")[0] else name
            yield from _named(full, node)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield from _named(_dotted(node, names), node)
            if node.attr in OF_LOOPS:
                yield node.lineno, node.attr
        elif isinstance(node, ast.Call) and _dotted(node.func, names) in LOADERS:
            yield from _loaded(node)


def _imported(node):
    """What an import binds: (the name here, the full name)."""
    if isinstance(node, ast.Import):
        return [(one.asname or one.name.partition(".")[0], one.name) for one in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [(one.asname or one.name, f"{node.module}.{one.name}") for one in node.names]
    return []


def _loaded(call):
    """A module loaded by a call; one whose name is computed could be any."""
    first = call.args[0] if call.args else None
    if isinstance(first, ast.Constant):
        yield from _named(str(first.value), call)
    else:
        yield call.lineno, "a module whose name is computed"


def _dotted(node, names):
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    return f"{_dotted(node.value, names)}.{node.attr}" if isinstance(node, ast.Attribute) else "?"


def _named(name, node):
    if name.startswith(("os.", "posix.")) and name.partition(".")[2].startswith(OF_OS):
        yield node.lineno, name
    if any(name == one or name.startswith(f"{one}.") for one in STARTERS):
        yield node.lineno, name


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(PROJECT_ROOT)))
def test_only_the_door_starts_programs(path):
    found = sorted(set(started(path.read_text("utf-8"))))
    if path == DOOR:
        assert {name.partition(".")[0] for _, name in found} == {"subprocess", "os"}
    else:
        assert found == [], "start it with amanat.processes: its environment is built there"


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess\nsubprocess.run(['x'])",
        "import subprocess as sp\nsp.Popen(['x'])",
        "from subprocess import check_output",
        "def f():\n    from subprocess import Popen as P\n    P('x')",
        "import os\nos.system('x')",
        "import os as o\no.execvpe('x', [], {})",
        "from os import posix_spawnp",
        "import os\nos.spawnlp(os.P_WAIT, 'x')",
        "from os import popen as p",
        "import os\nif os.fork() == 0: pass",
        "import asyncio\nasyncio.create_subprocess_shell('x')",
        "from asyncio.subprocess import create_subprocess_exec",
        "async def f(loop):\n    await loop.subprocess_exec(None, 'x')",
        "import pty\npty.spawn('sh')",
        "import ansible_runner\nansible_runner.run(playbook='x')",
        "from ansible_runner.interface import run",
        "import ansible_runner as r\nr.run_command('x')",
        "import pexpect\npexpect.run('x')",
        "from multiprocessing import Process",
        "from concurrent.futures import ProcessPoolExecutor",
        "import pytest\npytest.main([])",
        "__import__('subprocess').run('x')",
        "import importlib\nimportlib.import_module('subprocess')",
        "import importlib\nimportlib.import_module('sub' + 'process')",
        "import typer\ntyper.launch('x')",
    ],
)
def test_other_ways_of_starting_programs_are_seen(source):
    assert list(started(source))


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.environ['x']\nos.path.join('a')",
        "from concurrent.futures import ThreadPoolExecutor",
        "from ansible_runner.interface import init_runner",
        "from amanat import processes\nprocesses.run(['x'])",
    ],
)
def test_what_starts_nothing_is_left_alone(source):
    assert not list(started(source))


def test_the_guide_names_every_variable_that_counts():
    guide = (PROJECT_ROOT / "docs/guide.md").read_text("utf-8")
    small = {
        name for name in environment.HONOURED if f"`{name}`" not in guide and f"`{name.lower()}`" not in guide
    }
    assert not small


def test_every_way_in_adopts_the_environment():
    """A module that is run, not imported: the command, the inventory source, pytest's plugin."""
    for name in ("amanat/start.py", "amanat/inventory.py", "amanat/audit/plugin.py"):
        assert "environment.adopt()" in (PROJECT_ROOT / name).read_text("utf-8"), name
    entry = (PROJECT_ROOT / "pyproject.toml").read_text("utf-8")
    assert 'amanat = "amanat.start:main"' in entry
    assert "from amanat.start import main" in Path(PROJECT_ROOT / "amanat/__main__.py").read_text("utf-8")


def test_a_warning_is_no_error_in_an_operators_audit():
    """pytest's settings of this checkout hold for audits too; our own tests are stricter by tests/conftest.py."""
    settings = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]
    assert "filterwarnings" not in settings["ini_options"]


@pytest.mark.parametrize(
    ("name", "value"), [("STACK", "another"), ("YES", "1"), ("ONLY", "A7-laws"), ("SOURCE", "x")]
)
def test_make_takes_its_settings_from_its_command_line_alone(name, value):
    """YES=1 in an environment means something else, and would delete a stack without asking."""

    def value_of(*words, **variables):
        """What make takes the variable for."""
        known = subprocess.run(
            ["make", "--dry-run", "--print-data-base", "help", *words],
            cwd=PROJECT_ROOT,
            env={**{key: held for key, held in os.environ.items() if key != name}, **variables},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return re.findall(rf"^{name} :?= ?(.*)$", known, re.MULTILINE)

    assert value_of(**{name: value}) == value_of()
    assert value_of(f"{name}={value}") == [value]
