"""The row of runs goes by what runs say of each other: a clock that was wrong, two at once and a cut tail show."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from amanat.cli.evidence import app
from amanat.evidence import Redactor, Run, cut_off, verify, verify_all
from amanat.evidence.row import Memory, begun, finished, newest
from amanat.evidence.signature import signing_key
from amanat.paths import StackPaths
from tests.unit.evidence.conftest import CONTEXT

NAMES = ["20260101T000000.000000Z-000001", "20990101T000000.000000Z-000002", "20260102T000000.000000Z-000003"]
NAMES += ["20260103T000000.000000Z-000004", "20260104T000000.000000Z-000005"]
Start = Callable[[str], Run]


@pytest.fixture
def row(tmp_path: Path) -> Path:
    return tmp_path / "evidence/local"


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory.beside(tmp_path / "evidence.key")


@pytest.fixture
def start(row: Path, memory: Memory, key: Ed25519PrivateKey) -> Start:
    return lambda name: Run.start(row / name, CONTEXT, key, Redactor(), {}, memory)


@pytest.fixture
def runs(start: Start) -> list[Run]:
    """Five runs, one after the other; the second was made under a clock that was 73 years ahead."""
    made = []
    for name in NAMES:
        made.append(start(name))
        made[-1].finish({})
    return made


def problems(row: Path) -> dict[str, set[tuple[str, str]]]:
    return {run: {(one.kind, one.file) for one in found} for run, found in verify_all(row).items() if found}


def test_a_run_follows_the_newest_whatever_its_name(runs: list[Run], row: Path) -> None:
    before = [[one["run"] for one in run.previous_runs] for run in runs]
    assert before == [[], [NAMES[0]], [NAMES[1]], [NAMES[2]], [NAMES[3]]]
    assert [run.name for run in newest(finished(row))] == [NAMES[4]]
    assert problems(row) == {}


@pytest.mark.parametrize("removed", range(4))
def test_each_run_that_another_came_after_is_missed(runs: list[Run], row: Path, removed: int) -> None:
    shutil.rmtree(row / NAMES[removed])
    assert problems(row) == {NAMES[removed + 1]: {("missing", NAMES[removed])}}


@pytest.mark.parametrize("kept", [1, 2, 4])
def test_a_row_whose_end_was_cut_off_is_missed_by_the_machine_that_signed(
    runs: list[Run], row: Path, memory: Memory, kept: int
) -> None:
    assert cut_off(row, memory) == {}
    for name in NAMES[kept:]:
        shutil.rmtree(row / name)
    found = cut_off(row, memory)
    assert {(run, one.kind) for run, few in found.items() for one in few} == {(NAMES[4], "missing")}


def test_what_was_cut_off_stays_missing_after_the_next_run(runs: list[Run], row: Path, start: Start) -> None:
    shutil.rmtree(row / NAMES[4])
    start("20260105T000000.000000Z-000006").finish({})
    assert problems(row) == {"20260105T000000.000000Z-000006": {("missing", NAMES[4])}}


def test_a_last_run_that_was_signed_anew_is_named(runs: list[Run], row: Path, memory: Memory) -> None:
    manifest = row / NAMES[4] / "manifest.json"
    manifest.chmod(0o600)
    manifest.write_bytes(manifest.read_bytes().replace(b'"dirty": false', b'"dirty": true'))
    assert [one.kind for one in cut_off(row, memory)[NAMES[4]]] == ["altered"]


def test_runs_side_by_side_are_both_missed(start: Start, row: Path) -> None:
    first, second = start(NAMES[0]), start(NAMES[1])
    second.finish({})
    first.finish({})
    third = start(NAMES[2])
    third.finish({})
    assert [one["run"] for one in third.previous_runs] == NAMES[:2]
    for name in NAMES[:2]:
        shutil.rmtree(row / name)
    assert problems(row) == {NAMES[2]: {("missing", NAMES[0]), ("missing", NAMES[1])}}


def test_a_run_that_was_cut_short_is_newer_than_what_it_follows(runs: list[Run], row: Path, start: Start) -> None:
    short = start("20250101T000000.000000Z-000000")
    assert [run.name for run in newest(begun(row))] == [short.name]
    assert [run.name for run in newest(finished(row))] == [NAMES[4]]


def test_rows_are_remembered_apart(runs: list[Run], memory: Memory, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    other = Run.start(tmp_path / "elsewhere" / NAMES[0], CONTEXT, key, Redactor(), {}, memory)
    other.finish({})
    assert other.previous_runs == []
    assert list(memory.last(tmp_path / "elsewhere")) == [NAMES[0]]
    assert list(memory.last(runs[0].directory.parent)) == [NAMES[4]]


@pytest.mark.parametrize("text", ["", "[]", '{"x": 1}', "\xff", '{"%s": {"run": "../..", "manifest_sha256": 7}}'])
def test_a_ruined_memory_remembers_nothing(memory: Memory, row: Path, text: str) -> None:
    memory.file.write_text(text.replace("%s", str(row)), "utf-8")
    assert memory.last(row) == {}


def test_words_that_make_no_sense_end_no_check(runs: list[Run], row: Path) -> None:
    for name in NAMES:
        manifest = row / name / "manifest.json"
        manifest.chmod(0o600)
        everyone = [{"run": one, "manifest_sha256": "0"} for one in NAMES]
        manifest.write_text(json.dumps(json.loads(manifest.read_bytes()) | {"previous_runs": everyone}))
    assert [run.name for run in newest(finished(row))] == [NAMES[1]]
    assert all(verify(row / name) for name in NAMES)


def test_the_form_before_this_one_is_read(runs: list[Run], row: Path) -> None:
    manifest = row / NAMES[4] / "manifest.json"
    manifest.chmod(0o600)
    words = json.loads(manifest.read_bytes())
    words["previous_run"] = words.pop("previous_runs")[0]
    manifest.write_text(json.dumps(words))
    shutil.rmtree(row / NAMES[3])
    assert ("missing", NAMES[3]) in problems(row)[NAMES[4]]


def test_the_command_looks_at_the_newest_and_at_what_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMANAT_HOME", str(tmp_path / "home"))
    paths = StackPaths("local", tmp_path / "project")
    monkeypatch.setattr("amanat.cli.evidence.StackPaths", lambda stack: paths)
    key, memory = signing_key(paths.evidence_key), Memory.beside(paths.evidence_key)
    for name in NAMES[:3]:
        Run.start(paths.evidence / name, CONTEXT, key, Redactor(), {}, memory).finish({})
    whole = CliRunner().invoke(app, ["verify"])
    assert whole.exit_code == 0
    assert whole.output.splitlines()[0] == f"+ {NAMES[2]}: whole"
    shutil.rmtree(paths.evidence / NAMES[2])
    for words in (["verify"], ["verify", str(paths.evidence)]):
        cut = CliRunner().invoke(app, words)
        assert cut.exit_code == 1
        assert f"missing: {NAMES[2]}: this machine signed it last" in cut.output
