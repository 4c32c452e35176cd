"""What an audit measured with: a changed policy, probe or register shows when the evidence is verified."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from amanat.cli.evidence import app
from amanat.evidence import Redactor, Run, RunContext
from amanat.evidence.checkout import archive
from amanat.evidence.instruments import Checkout, digests
from amanat.evidence.run import new_name
from tests.unit.evidence.test_checkout import git

POLICY = "policies/article5/test_access.py"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clean repository with a policy, the audit and a probe; the person has another home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "checkout"
    for name in (POLICY, "amanat/audit/verdicts.py", "host/amanat_host/probe.py", "requirements/run.txt"):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text("assert measured\n", "utf-8")
    git(path, "init", "-q")
    git(path, "add", "-A")
    git(path, "commit", "-qm", "release")
    return path


@pytest.fixture
def audited(checkout: Path, tmp_path: Path, key: object) -> Callable[[], Path]:
    """`audited()`: the finished run of an audit from that checkout as it is then."""

    def run() -> Path:
        context = RunContext.of("local", checkout, None)
        begun = Run.start(tmp_path / "evidence" / new_name(), context, key, Redactor(), {})  # type: ignore[arg-type]
        begun.finish({"green": True})
        return begun.directory

    return run


def test_a_release_is_named(checkout, audited):
    git(checkout, "tag", "v1.0")
    found = Checkout(checkout).measured(audited())
    assert found.changed == ()
    assert found.files == 4
    assert str(found) == f"measured with {git(checkout, 'rev-parse', 'HEAD')[:12]} (v1.0) as it was committed"


@pytest.mark.parametrize(
    "name", [POLICY, "policies/planted.py", "host/amanat_host/probe.py", "requirements/run.txt"]
)
def test_a_changed_file_is_named(checkout, audited, name):
    (checkout / name).write_text("assert True\n", "utf-8")
    run = audited()
    git(checkout, "checkout", "-q", "--", ".")
    (checkout / "policies/planted.py").unlink(missing_ok=True)
    found = Checkout(checkout).measured(run)
    assert found.changed == (name,)
    assert "CHANGED checkout" in str(found)
    assert name in str(found)


def test_a_removed_policy_is_named(checkout, audited):
    (checkout / POLICY).unlink()
    assert Checkout(checkout).measured(audited()).changed == (POLICY,)


def test_where_no_commit_is_known_this_checkout_is_compared(checkout, audited, tmp_path):
    run = audited()
    (checkout / ".git").rename(tmp_path / "gone")
    assert str(Checkout(checkout).measured(run)) == "measured with this checkout's 4 files; no commit is known of them"
    (checkout / POLICY).write_text("assert True\n", "utf-8")
    assert f"no commit here: {POLICY}" in str(Checkout(checkout).measured(run))


def test_caches_are_no_instruments(checkout):
    (checkout / "policies/__pycache__").mkdir()
    (checkout / "policies/__pycache__/x.pyc").write_bytes(b"")
    assert set(digests(checkout)) == {
        POLICY,
        "amanat/audit/verdicts.py",
        "host/amanat_host/probe.py",
        "requirements/run.txt",
    }


def test_the_command_says_it_in_a_line(audited, monkeypatch, checkout, tmp_path):
    monkeypatch.setenv("AMANAT_HOME", str(tmp_path / "amanat"))
    monkeypatch.setattr("amanat.cli.evidence.PROJECT_ROOT", checkout)
    (checkout / POLICY).write_text("assert True\n", "utf-8")
    run = audited()
    result = CliRunner().invoke(app, ["verify", str(run)])
    assert result.exit_code == 0
    assert f"measured with a CHANGED checkout of {git(checkout, 'rev-parse', 'HEAD')[:12]}: {POLICY}" in result.output
    said = json.loads(CliRunner().invoke(app, ["verify", str(run), "--json"]).output)
    assert said["measured_with"][run.name]["changed"] == [POLICY]


def test_runs_of_one_commit_have_it_unpacked_once(checkout, audited, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "amanat.evidence.instruments.archive", lambda *words: asked.append(words[1]) or archive(*words)
    )
    compared = Checkout(checkout)
    assert [compared.measured(run).changed for run in (audited(), audited())] == [(), ()]
    assert asked == [git(checkout, "rev-parse", "HEAD")]
