"""What is written for people stays true: law table, commands, settings, variables and links are those of the tree."""

import re
from pathlib import Path

import pytest
import typer.main

from amanat import __version__
from amanat.cli.app import app
from amanat.settings import Settings
from tests.fresh.disk import ASKED_FOR
from tests.loading import load

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/guide.md").read_text(encoding="utf-8")
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md")])
DECISIONS = sorted(ROOT.glob("docs/adr/0*.md"))
TARGET = re.compile(r"^([a-z-]+):.*## ", re.MULTILINE)
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


def anchors(page):
    """As GitHub makes them from headings."""
    for heading in INSIDE_A_PAGE.findall(page.read_text(encoding="utf-8")):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_law_table_is_that_of_the_register_and_the_policies():
    found = (ROOT / "docs/law.md").read_text(encoding="utf-8")
    assert found == law_table().render(), "run `.venv/bin/python scripts/law_table.py`"


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
