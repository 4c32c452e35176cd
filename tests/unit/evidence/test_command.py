"""`amanat evidence verify` names what is wrong and says it by its exit status."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from amanat.cli.evidence import app
from amanat.evidence.signature import public_pem
from amanat.paths import StackPaths


@pytest.fixture(autouse=True)
def _no_stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AMANAT_HOME", str(tmp_path / "home"))


def spoil(run: Path) -> str:
    path = sorted((run / "records").iterdir())[0]
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"local", b"locaI"))
    return path.name


def test_a_whole_run_ends_with_zero_and_names_the_key_to_compare(finished: Path) -> None:
    result = CliRunner().invoke(app, ["verify", str(finished)])
    assert result.exit_code == 0
    assert f"+ {finished.name}: whole" in result.output
    assert "compare sha256:" in result.output


def test_an_altered_record_is_named(finished: Path) -> None:
    name = spoil(finished)
    result = CliRunner().invoke(app, ["verify", str(finished)])
    assert result.exit_code == 1
    assert f"altered: records/{name}" in result.output


def test_json_names_it_too(finished: Path) -> None:
    name = spoil(finished)
    result = CliRunner().invoke(app, ["verify", str(finished), "--json"])
    said = json.loads(result.output)
    assert said["whole"] is False
    assert said["runs"][finished.name][0] == {
        "kind": "altered",
        "file": f"records/{name}",
        "detail": said["runs"][finished.name][0]["detail"],
    }


def test_all_runs_of_a_stack_are_checked(finished: Path) -> None:
    result = CliRunner().invoke(app, ["verify", str(finished.parent)])
    assert result.exit_code == 0
    assert finished.name in result.output


def test_a_given_key_is_the_one_that_counts(finished: Path, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    ours, other = tmp_path / "ours.pub", tmp_path / "other.pub"
    ours.write_bytes(public_pem(key))
    other.write_bytes(public_pem(Ed25519PrivateKey.generate()))
    assert CliRunner().invoke(app, ["verify", str(finished), "--key", str(ours)]).exit_code == 0
    refused = CliRunner().invoke(app, ["verify", str(finished), "--key", str(other)])
    assert refused.exit_code == 1
    assert "foreign-key" in refused.output


@pytest.mark.parametrize("arguments", [["/nonexistent"], ["--stack", "Bad Name"], []])
def test_nothing_to_check_is_one_message(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("amanat.cli.evidence.StackPaths", lambda stack: StackPaths(stack, tmp_path))
    result = CliRunner().invoke(app, ["verify", *arguments])
    assert result.exit_code == 2
    assert result.output.startswith("error: ")
    assert "Traceback" not in result.output

    result = CliRunner().invoke(app, ["verify", *arguments, "--json"])
    assert result.exit_code == 2
    assert set(json.loads(result.stdout)["error"]) == {"what", "where", "fix"}
