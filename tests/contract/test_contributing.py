"""CONTRIBUTING.md leads to files and tests that are there, and its checklists number their steps."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FOLDERS = "amanat|ansible|docs|host|policies|scripts|templates|tests"
NAMED = re.compile(rf"`((?:{FOLDERS})/[^`\s]*|[A-Z]\w*\.(?:md|yaml))`")
KINDS = ("check", "break", "setting", "requirement", "service", "target")
CHECKLISTS = [f"Add a {kind}" for kind in KINDS]


def is_there(named):
    """Whether a path, or a test in a file, is in the tree; `<name>` stands for whatever one calls it."""
    path, _, test = named.partition("::")
    if "<" in path:
        return (ROOT / path.partition("<")[0]).exists()
    found = (ROOT / path).exists()
    return found and (not test or f"\ndef {test}(" in (ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("named", sorted(set(NAMED.findall(TEXT))))
def test_what_it_names_is_there(named):
    assert is_there(named)


@pytest.mark.parametrize("heading", CHECKLISTS)
def test_a_checklist_numbers_its_steps_and_says_what_fails(heading):
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", section, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 3
    assert "Fails:" in section


@pytest.mark.parametrize(
    "named", ["amanat/nothing.py", "nowhere/<name>.py", "tests/contract/test_layers.py::test_nothing"]
)
def test_what_is_gone_would_be_noticed(named):
    assert not is_there(named)
