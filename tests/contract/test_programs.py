"""The programs of the hosts keep to the ways that clear up after them, and probes take nothing from their callers."""

import ast
import importlib
import inspect
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "host/amanat_host"
MODULES = sorted(PACKAGE.rglob("*.py"))
TABLE = tomllib.loads((ROOT / "host/pyproject.toml").read_text("utf-8"))["tool"]["amanat-host"]["programs"]
# Who starts processes, forks or makes places for all others.
HELPERS = {"processes.py", "scratch.py"}
# The loop of services that start nothing: they end where a step ends.
OWN_SIGNALS = {"jobs.py"}
# Modules that leave something behind when a program is killed, and the words of others that do.
FORBIDDEN_MODULES = {"tempfile", "multiprocessing", "pty", "asyncio"}
FORBIDDEN = {
    "subprocess": {"run", "Popen", "call", "check_call", "check_output", "getoutput", "getstatusoutput"},
    "os": {
        "fork",
        "forkpty",
        "system",
        "popen",
        "posix_spawn",
        "posix_spawnp",
        "spawnv",
        "spawnvp",
        "setsid",
        "mkfifo",
    },
    "signal": {"signal", "sigwait", "pthread_sigmask"},
}
# It runs with the auditor's own rights, and asks another host.
UNPRIVILEGED = "probe-tls"
# What the caller could give: words, texts, variables.
GIVEN = {
    ("sys", "argv"),
    ("sys", "stdin"),
    ("os", "getenv"),
    ("os", "environb"),
    ("argparse", ""),
    ("getopt", ""),
}
# They tell the names of the variables, or set one for their own children.
OWN_VARIABLES = {"probe", "probe-copy"}


def path_of(target):
    """The file of a program's module."""
    return ROOT / "host" / (target.partition(":")[0].replace(".", "/") + ".py")


PROBES = {
    name: path_of(target)
    for name, target in TABLE.items()
    if name.startswith("probe") and name != UNPRIVILEGED
}


def words(path):
    """Every `module.name` that a file mentions or imports, as (module, name)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield node.value.id, node.attr
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                yield node.module, name.name
        elif isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, ""


def called(path):
    """Every `module.name` that a file calls or imports from the module; the name of a type alone starts nothing."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if isinstance(node.func.value, ast.Name):
                yield node.func.value.id, node.func.attr
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                yield node.module, name.name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_program_starts_and_keeps_nothing_of_its_own(path):
    """Processes come from `processes`, private places from `scratch`: those end with the program."""
    if path.name in HELPERS:
        return
    found = {(module, name) for module, name in called(path) if name in FORBIDDEN.get(module, ())}
    found |= {(module, "") for module, _ in words(path) if module in FORBIDDEN_MODULES}
    if path.name in OWN_SIGNALS:
        found = {one for one in found if one[0] != "signal"}
    assert found == set()


@pytest.mark.parametrize(
    "text",
    [
        "import tempfile",
        "from tempfile import mkdtemp",
        "import subprocess\nsubprocess.run(['x'])",
        "from subprocess import Popen",
        "import os\nos.system('x')",
        "import os\nos.fork()",
        "import signal\nsignal.signal(1, None)",
        "import asyncio",
    ],
)
def test_another_way_would_be_noticed(tmp_path, text):
    path = tmp_path / "program.py"
    path.write_text(text)
    with pytest.raises(AssertionError):
        test_a_program_starts_and_keeps_nothing_of_its_own(path)


@pytest.mark.parametrize("target", TABLE.values(), ids=TABLE)
def test_each_program_has_the_one_way_in(target):
    """Its errors become one message and an exit status; `entry` sees to that, for all of them."""
    module, _, function = target.partition(":")
    main = getattr(importlib.import_module(module), function)
    assert inspect.unwrap(main) is not main or main.__qualname__.startswith("probe.<locals>")
    assert inspect.signature(main, follow_wrapped=False).parameters == {}
    assert main.__code__.co_filename.endswith("amanat_host/entry.py")


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_reads_nothing_that_its_caller_gives(name):
    """No argument, no standard input and no variable: what it does hangs on its word alone, which `entry` reads."""
    found = set(words(PROBES[name]))
    assert not found & GIVEN
    assert ("os", "environ") not in found or name in OWN_VARIABLES


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_is_made_of_questions(name):
    """Its main function is `entry.probe`, which takes one word of the probe's own and nothing else."""
    tree = ast.parse(PROBES[name].read_text("utf-8"))
    mains = [node for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "main"]
    assert [ast.unparse(node.value.func) for node in mains] == ["probe"]


def units_that_stay(role):
    """The units of a role that systemd starts again whenever they end, if what they run is one of our programs."""
    for template in sorted([*role.glob("templates/*.service.j2"), *role.glob("files/*.service")]):
        text = template.read_text("utf-8")
        # A oneshot is tried again when it failed, and otherwise ends: its next run is with what lies there then.
        if (
            re.search(r"^Restart=", text, re.M)
            and not re.search(r"^Type=oneshot", text, re.M)
            and re.search(r"^ExecStart=.*(_tools }}|/usr/lib/amanat)/", text, re.M)
        ):
            tasks = "\n".join(path.read_text("utf-8") for path in role.glob("tasks/*.yml"))
            lookup = re.escape(f"'{template.name}'")
            yield re.search(rf"dest: /etc/systemd/system/(\S+)\s+content: .*{lookup}", tasks)[1]


def test_whatever_runs_all_the_time_is_started_again_with_the_new_package():
    table = tomllib.loads((ROOT / "host/pyproject.toml").read_text("utf-8"))["tool"]["amanat-host"]
    staying = [unit for role in sorted(ROOT.glob("ansible/roles/*")) for unit in units_that_stay(role)]
    assert staying
    assert sorted(table["services"]) == sorted(staying)


def test_every_program_is_named_once():
    """The roles start no program that the package lacks, and the package has none that nobody starts."""
    texts = [path.read_text("utf-8") for path in ROOT.glob("ansible/**/*") if named_in(path)]
    texts += [path.read_text("utf-8") for path in ROOT.glob("amanat/**/*.py")]
    texts += [(PACKAGE / name).read_text("utf-8") for name in ("questions.py", "archive/bench.py")]
    pattern = r"(?:/usr/lib/amanat|\{PROGRAMS\}|_tools \}\}|_tools|base_programs \}\})(?:/| ~ '/)([a-z-]+)"
    used = {name for text in texts for name in re.findall(pattern, text)}
    used |= set(re.findall(r'Question\("([a-z-]+)"', (PACKAGE / "questions.py").read_text("utf-8")))
    scripts = {path.name for path in (ROOT / "host/scripts").iterdir()}
    assert used == {*TABLE, *scripts}


def named_in(path):
    """Whether a file of Ansible's may name a program."""
    return path.is_file() and "collections" not in path.parts and path.suffix not in (".pyc", ".md")
