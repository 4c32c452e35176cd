"""The programs of the hosts keep to the ways that clear up after them, and probes take nothing from their callers."""

import ast
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = sorted(
    path
    for path in [*ROOT.glob("ansible/roles/*/files/**/*.py"), *ROOT.glob("ansible/files/*.py")]
    if "test" not in path.name
)
# Who starts processes, forks or makes places for all others.
HELPERS = {"amanat_processes.py", "amanat_scratch.py"}
# Services that start nothing: they end where a tick ends.
OWN_SIGNALS = {"archive_seal.py", "store_guard.py"}
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
SUDOERS = sorted(ROOT.glob("ansible/roles/*/files/auditor.sudoers"))
PROBES = [path for path in PROGRAMS if path.name.startswith("probe")]


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


def grants():
    """(file, command line) of each thing that an auditor may run by sudo, as the roles write it."""
    for path in SUDOERS:
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
        for line in text.splitlines():
            if line and not line.startswith("#"):
                commands = line.partition("NOPASSWD:")[2]
                for command in re.split(r"(?<!\\),", commands):
                    yield path.parts[-3], command.strip()


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_a_program_starts_and_keeps_nothing_of_its_own(path):
    """Processes come from amanat_processes, private places from amanat_scratch: those end with the program."""
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


@pytest.mark.parametrize("path", PROBES, ids=lambda path: path.name)
def test_a_probe_reads_nothing_that_its_caller_gives(path):
    """No standard input and no variable: what it does hangs on its word alone."""
    if path.name == "probe_tls.py":  # run with the auditor's own rights
        return
    found = set(words(path))
    assert not found & {("sys", "stdin"), ("os", "getenv"), ("os", "environb")}
    taken = {name for name in found if name == ("os", "environ")}
    # It tells the names of its variables, or sets one for its own children.
    assert not taken or path.name in ("probe.py", "probe_copy.py")


@pytest.mark.parametrize("path", PROBES, ids=lambda path: path.name)
def test_a_probe_takes_its_own_words_and_nothing_else(path):
    """No parser of options, and no reading of one argument among others."""
    if path.name in ("probe_tls.py",):
        return
    text = path.read_text(encoding="utf-8")
    assert "argparse" not in text
    assert "getopt" not in text
    assert not re.search(r"sys\.argv\[[^1]", text)


@pytest.mark.parametrize("path", PROBES, ids=lambda path: path.name)
def test_a_probe_writes_no_bytecode(path):
    """Root's bytecode beside the programs would be a finding of the integrity check."""
    assert path.read_text(encoding="utf-8").startswith("#!/usr/bin/python3 -B\n")


def test_each_grant_is_one_command_line_word_for_word():
    found = list(grants())
    assert len(found) > 10
    for role, command in found:
        program, *given = shlex.split(command)
        assert program.startswith("/"), (role, command)
        assert given, f'{role}: {command} takes any argument: write "" where it takes none'
        assert not set(command) & set("*?[]!^"), (role, command)
        assert all(re.fullmatch(r"[a-z]*", word) for word in given), (role, command)


def test_no_grant_shows_a_log_or_a_file():
    programs = {shlex.split(command)[0] for _, command in grants()}
    assert {program for program in programs if not program.startswith("/usr/lib/amanat/probe")} == set()
