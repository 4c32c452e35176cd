"""Every automated requirement that is built has a break, and every break is complete."""

import subprocess
from pathlib import Path

import pytest

from amanat.law import register
from amanat.paths import PROJECT_ROOT
from tests.breaks.reading import Break, all_batches, all_breaks, read


def test_every_built_automated_requirement_has_a_break() -> None:
    broken = {one.requirement for one in all_breaks()}
    assert broken == {one.id for one in register().automated_now()}


@pytest.mark.parametrize("broken", all_breaks(), ids=lambda one: one.name)
def test_a_break_names_its_host_and_tells_its_story(broken: Break) -> None:
    row = register()[broken.requirement]
    assert broken.host in (*row.services, *row.where_placed)
    assert broken.story.endswith((".", '."'))


@pytest.mark.parametrize("broken", all_breaks(), ids=lambda one: one.name)
def test_a_break_names_a_check_of_its_requirement(broken: Break) -> None:
    file, name = broken.check.partition("[")[0].split("::")
    before, found, _ = (PROJECT_ROOT / file).read_text("utf-8").partition(f"\ndef {name}(")
    assert found
    proves = [line for line in before.splitlines() if line.startswith("@requirement(")][-1]
    assert f'"{broken.requirement}"' in proves


@pytest.mark.parametrize("broken", all_breaks(), ids=lambda one: one.name)
def test_both_halves_of_a_break_are_scripts_of_their_own(broken: Break) -> None:
    for half in (broken.script, broken.undo):
        subprocess.run(["sh", "-n"], input=half, text=True, check=True)


def test_every_break_is_tried_once_and_only_with_others_of_its_check() -> None:
    tried = [broken for batch in all_batches() for broken in batch.breaks]
    assert sorted(tried, key=lambda one: one.path) == all_breaks()
    for batch in all_batches():
        assert {(one.requirement, one.host, one.check) for one in batch.breaks} == {
            (batch.breaks[0].requirement, batch.host, batch.check)
        }
        assert len(batch.breaks) == 1 or all(one.findings for one in batch.breaks)


@pytest.mark.parametrize(
    "text",
    [
        "#!/bin/sh\n# Story.\n# host: store\n# check: policies/a.py::test_a\ntrue\n",
        "# Story.\n# check: policies/a.py::test_a\ntrue\n# undo\ntrue\n",
        "# Story.\n# host: store\ntrue\n# undo\ntrue\n",
    ],
    ids=["undo", "host", "check"],
)
def test_an_incomplete_break_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "half.sh").write_text(text)
    with pytest.raises(ValueError, match="half.sh"):
        read(tmp_path / "half.sh")
