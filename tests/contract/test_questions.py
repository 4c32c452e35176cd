"""What policies ask, what sudoers grants, and what the hosts' programs answer are one and the same."""

import ast
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from amanat_host import questions, scratch
from amanat_host.answers.state import State
from amanat_host.questions import PROGRAMS, Question

ROOT = Path(__file__).resolve().parents[2]
POLICIES = sorted((ROOT / "policies").glob("*/test_*.py"))
TABLE = tomllib.loads((ROOT / "host/pyproject.toml").read_text("utf-8"))["tool"]["amanat-host"]["programs"]
QUESTIONS = {name: value for name, value in vars(questions).items() if isinstance(value, Question)}
# Granted for a person's eyes: the audit never asks it, since it takes minutes.
ASKED_BY_PEOPLE = {("root", f"{PROGRAMS}/integrity check")}


def grants():
    """(account, command line) of each thing that an auditor may run by sudo, as the roles write it."""
    base = yaml.safe_load((ROOT / "ansible/roles/base/vars/main.yml").read_text("utf-8"))
    yield from (("root", command) for command in base["base_auditor_probes"])
    for path in sorted(ROOT.glob("ansible/roles/*/files/auditor.sudoers")):
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
        for line in text.splitlines():
            if line and not line.startswith("#"):
                account = re.search(r"ALL=\((\w+)\)", line)[1]
                for command in re.split(r"(?<!\\),", line.partition("NOPASSWD:")[2]):
                    yield account, " ".join(command.split())


def granted():
    """The same, without the two quotes that allow no word."""
    return {(account, command.removesuffix(' ""')) for account, command in grants()}


def test_each_grant_is_one_command_line_word_for_word():
    found = list(grants())
    assert len(found) > 10
    for account, command in found:
        program, *given = shlex.split(command)
        assert program.startswith("/"), command
        assert given, f'{command} takes any argument: write "" where it takes none'
        assert not set(command) & set("*?[]!^"), command
        if program.startswith(PROGRAMS):
            assert account in questions.RUN_AS
            assert all(re.fullmatch(r"[a-z]*", word) for word in given), command


def test_no_grant_shows_a_log_or_a_file():
    """Beside the package's own probes only tools that tell the state of network, packages and sshd."""
    programs = {shlex.split(command)[0] for _, command in grants()}
    own = {program for program in programs if program.startswith(PROGRAMS)}
    assert programs - own == {"/usr/sbin/sshd", "/usr/sbin/nft", "/usr/bin/ss", "/usr/bin/dpkg"}
    assert all(re.search(r"/(probe[a-z-]*|integrity)$", program) for program in own)


def test_each_account_that_probes_run_as_has_a_place_of_its_own():
    assert tuple(scratch.PLACES) == questions.RUN_AS
    assert {question.account for question in QUESTIONS.values()} <= {"", *questions.RUN_AS}


def test_what_is_granted_is_what_is_asked():
    asked = {
        (question.account, f"{PROGRAMS}/{question.program} {question.word}".rstrip())
        for question in QUESTIONS.values()
        if question.account
    }
    own = {grant for grant in granted() if grant[1].startswith(f"{PROGRAMS}/")}
    assert own - ASKED_BY_PEOPLE == asked
    assert own >= ASKED_BY_PEOPLE


def lines_by_sudo(path):
    """What a policy has a host run by sudo: the words behind `sudo -n`, or given to `privileged`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(r"sudo -n ([^'\"]+)", node.value)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "privileged":
            yield node.args[0].value


def test_of_the_systems_tools_no_more_is_granted_than_is_asked():
    asked = {line.rpartition("/")[2] for path in POLICIES for line in lines_by_sudo(path)}
    tools = {command for _, command in granted() if not command.startswith(f"{PROGRAMS}/")}
    assert tools
    assert {command for command in tools if command.rpartition("/")[2] not in asked} == set()


def test_what_prints_a_whole_state_is_not_passed_on_by_sudo():
    """Where sudo records output, it drops the end of what is longer than its buffer and not taken at once."""
    template = (ROOT / "ansible/roles/base/templates/sudo-auditor.j2").read_text("utf-8")
    direct = re.search(r"^Cmnd_Alias STATE = (.+)$", template, re.MULTILINE)[1].split(", ")
    assert "Defaults!STATE !log_output" in template.splitlines()
    states = {question.program for question in QUESTIONS.values() if question.answer is State}
    assert {*direct} == {f"{PROGRAMS}/{program}" for program in states}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_put_to_a_program_that_is_there(name):
    assert QUESTIONS[name].program in TABLE


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_a_policy_runs_by_sudo_only_what_is_granted(path):
    """Word for word; and the hosts' own programs only by question, whose answer has a schema."""
    texts = [
        node.value
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert not [text for text in texts if PROGRAMS in text or "/usr/local/lib/amanat" in text]
    tools = {command.rpartition("/")[2]: command for _, command in granted()}
    unknown = [
        line for line in lines_by_sudo(path) if line not in {*tools, *tools.values(), "-l", "/bin/true"}
    ]
    assert unknown == []


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_who_asks_a_probe_has_a_type(path):
    """Only then does mypy know the answer, and refuse a policy that reads what no probe answers."""
    for function in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        typed = {one.arg for one in function.args.args if one.annotation is not None}
        typed |= {
            node.target.id
            for node in ast.walk(function)
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        }
        asking = {
            ast.unparse(node.func.value)
            for node in ast.walk(function)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("ask", "answered")
            and "questions." in ast.unparse(node)
        }
        assert asking <= typed, function.name


@pytest.mark.parametrize(("key", "refused"), [("reserved_bytes", False), ("no_such_key", True)])
def test_a_policy_that_reads_what_no_probe_answers_is_refused(tmp_path, key, refused):
    """By mypy, which `make check` runs over the policies: here over a policy of the test's own."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]
    assert "policies" in settings["files"]
    policy = tmp_path / "policy.py"
    policy.write_text(
        "from amanat.audit.host import Host\nfrom amanat_host import questions\n\n\n"
        f"def test_room(store: Host) -> None:\n    assert store.ask(questions.VOLUME).backing.{key} > 0\n"
    )
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", str(policy)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (f'"Backing" has no attribute "{key}"' in done.stdout) is refused, done.stdout + done.stderr
    assert (done.returncode != 0) is refused
