"""What is written for people stays true: law table, commands, settings, variables and links are those of the tree."""

import re
import tomllib
from pathlib import Path

import pytest
import typer.main

from amanat import __version__
from amanat.cli.app import app
from amanat.exit_codes import ExitCode
from amanat.settings import Settings
from amanat_host import questions
from amanat_host.questions import Question
from tests.fresh.disk import ASKED_FOR
from tests.loading import load

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/guide.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("[A-Z]*.md"), *ROOT.glob("docs/**/*.md")])
DECISIONS = sorted(ROOT.glob("docs/adr/0*.md"))
TARGET = re.compile(r"^([a-z-]+):.*## ", re.MULTILINE)
PROGRAMS = tomllib.loads((ROOT / "host/pyproject.toml").read_text("utf-8"))["tool"]["amanat-host"]["programs"]
QUESTIONS = [one for one in vars(questions).values() if isinstance(one, Question)]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
VARIABLE = re.compile(r"\bAMANAT_[A-Z][A-Z_]*\b")
INNER = {"AMANAT_SECRETS_SOCKET", "AMANAT_RUN", "AMANAT_STACK_ID"}  # between our own processes
INSIDE_A_PAGE = re.compile(r"^#+ (.+)$", re.MULTILINE)


def law_table():
    return load(ROOT / "scripts/law_table.py")


def commands(group, names=("amanat",)):
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, (*names, name))
        else:
            yield " ".join((*names, name))


PROGRAM = re.compile(r"(?:/usr/lib/amanat|_tools }}|base_programs }})(?:/| ~ '/)([a-z-]+)")


def programs_of(role):
    """The hosts' programs that a role's files name."""
    files = [path for path in role.rglob("*") if path.is_file() and path.suffix not in (".md", ".pyc")]
    return {name for path in files for name in PROGRAM.findall(path.read_text("utf-8"))} & set(PROGRAMS)


def test_the_table_of_roles_and_their_programs_is_that_of_the_tree():
    text = (ROOT / "docs/architecture.md").read_text("utf-8").partition("| role | modules | answers |\n")[2]
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| `(\w+)` \|$", text, re.MULTILINE)
    used = {role.name: programs_of(role) for role in sorted(ROOT.glob("ansible/roles/*"))}
    assert {role for role, _, _ in rows} == {role for role, programs in used.items() if programs}
    assert {modules for _, modules, _ in rows} == {path.split(".")[1] for path in PROGRAMS.values()}
    answers = {one.program: one.answer.__module__.rpartition(".")[2] for one in QUESTIONS}
    for role, modules, _ in rows:
        assert modules in {PROGRAMS[name].split(".")[1] for name in used[role]}, role
        told = {answered for of, _, answered in rows if of == role}
        assert {answers[name] for name in used[role] & set(answers)} <= told, role


def anchors(page):
    """As GitHub makes them from headings."""
    for heading in INSIDE_A_PAGE.findall(page.read_text(encoding="utf-8")):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_law_table_is_that_of_the_register_and_the_policies():
    found = (ROOT / "docs/law.md").read_text(encoding="utf-8")
    assert found == law_table().render(), "run `.venv/bin/python scripts/law_table.py`"


def test_the_page_of_errors_is_that_of_the_library():
    found = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    assert found == load(ROOT / "scripts/error_tree.py").render(), (
        "run `.venv/bin/python scripts/error_tree.py`"
    )


@pytest.mark.parametrize("page", ["README.md", "docs/architecture.md"])
def test_services_and_flows_are_drawn_as_the_topology_has_them(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert text == load(ROOT / "scripts/flow_diagram.py").render(text), (
        "run `.venv/bin/python scripts/flow_diagram.py`"
    )


@pytest.mark.parametrize(
    ("page", "heading"), [("docs/guide.md", "## Exit codes"), ("docs/fa/guide.md", "## کد خروج")]
)
def test_the_guides_tell_every_exit_code(page, heading):
    section = (ROOT / page).read_text(encoding="utf-8").partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| (\d+) \|", section, re.MULTILINE) == [str(code.value) for code in ExitCode]


def test_the_guide_names_every_make_target():
    targets = TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
    assert {"up", "audit", "test"} <= set(targets)
    assert [one for one in targets if f"`make {one}`" not in GUIDE] == []


def test_the_guide_names_every_command():
    known = list(commands(typer.main.get_command(app)))
    assert "amanat evidence verify" in known
    assert [one for one in known if f"`{one}`" not in GUIDE] == []


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_guide_gives_every_setting_with_its_default(name):
    default = Settings.model_fields[name].default
    assert f"| `{name}` | {f'`{default}`' if default not in ('', {}) else 'empty'} |" in GUIDE


def test_the_guide_names_no_setting_that_is_none():
    section = GUIDE.split("\n## Settings\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(Settings.model_fields)


def test_the_guide_names_the_environment_variables():
    sources = [*ROOT.glob("amanat/**/*.py"), *(path for path in ROOT.glob("scripts/*") if path.is_file())]
    read = {name for path in sources for name in VARIABLE.findall(path.read_text(encoding="utf-8"))} - INNER
    assert read == set(VARIABLE.findall(GUIDE))


@pytest.mark.parametrize("command", ["make up", "make audit", "make test"])
def test_the_readme_leads_to_the_first_run_and_the_tests(command):
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_bare_machine_has_what_the_readme_asks_for():
    asked = re.findall(
        r"^apt-get install (.+)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [line.split() for line in asked] == [list(ASKED_FOR)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    broken = []
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        path = (page.parent / target).resolve() if target else page
        lost = anchor and path.suffix == ".md" and path.is_file() and anchor not in anchors(path)
        if not path.exists() or lost:
            broken.append(f"{target}#{anchor}")
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_path_of_one_machine_is_told(page):
    assert re.findall(r"(?<![\w.~>])/(?:work|root|home)/\S*", page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_says_why_and_what_follows(page):
    headings = INSIDE_A_PAGE.findall(page.read_text(encoding="utf-8"))
    assert headings[0].startswith(f"{int(page.name[:4])}. ")
    assert headings[1:] == ["Context", "Decision", "Consequences"]
    assert f"({page.name})" in (page.parent / "README.md").read_text(encoding="utf-8")


def test_the_changes_of_this_version_are_told():
    assert __version__ in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
