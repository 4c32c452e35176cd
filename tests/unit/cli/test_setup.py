"""The order in which the controller is made ready: nothing is fetched for a target that is refused."""

from types import SimpleNamespace

import pytest

from amanat.cli import setup
from amanat.targets import Prepared, UnsuitableTarget
from tests.unit.targets.fake import FakeOperations


@pytest.fixture
def stages(monkeypatch):
    """What was done, in order."""
    done = []
    monkeypatch.setattr(setup, "ensure_commands", lambda commands, report: done.append("programs"))
    found = SimpleNamespace(versions={"pulumi": "3", "docker": "5"}, source="path")
    monkeypatch.setattr(setup, "tools", lambda source, report, mirrors: done.append("tools") or found)
    monkeypatch.setattr(setup, "environment", lambda tools, mirrors: {"PATH": "/tools"})
    monkeypatch.setenv("FAKE_TARGET", "")
    return done


@pytest.fixture
def target(stages, monkeypatch):
    made = FakeOperations()
    prepared = Prepared("memory 1", {"FAKE_TARGET": "here"})
    monkeypatch.setattr(made, "prepare", lambda report: stages.append("target") or prepared)
    return made


def test_the_target_is_checked_before_tools_are_fetched_or_built(stages, target):
    def check_target():
        stages.append("check")
        raise UnsuitableTarget("this engine is rootless")

    with pytest.raises(UnsuitableTarget):
        setup.run_setup(target=target, check_target=check_target)
    assert stages == ["programs", "target", "check"]


def test_everything_is_made_ready_in_order(stages, target, capsys):
    ready = setup.run_setup(target=target)
    assert stages == ["programs", "target", "tools"]
    assert ready.environment == {"PATH": "/tools", "FAKE_TARGET": "here"}
    assert "memory    memory 1  (" in capsys.readouterr().err


def test_without_a_target_only_the_tools(stages):
    assert setup.run_setup().target is None
    assert stages == ["tools"]
