"""The order in which the controller is made ready: nothing is fetched for an engine that is refused."""

from types import SimpleNamespace

import pytest

from amanat.cli import setup
from amanat.setup.engine import Engine
from amanat.targets.engine import UnsuitableEngine


@pytest.fixture
def stages(monkeypatch):
    """What was done, in order."""
    done = []
    monkeypatch.setattr(setup, "ensure_commands", lambda commands, report: done.append("programs"))
    monkeypatch.setattr(setup, "may_install", lambda: False)
    monkeypatch.setattr(setup, "engine", lambda report: done.append("engine") or Engine("unix:///e", "28"))
    found = SimpleNamespace(versions={"pulumi": "3", "docker": "5"}, source="path")
    monkeypatch.setattr(setup, "tools", lambda source, report, mirrors: done.append("tools") or found)
    monkeypatch.setattr(setup, "environment", lambda tools, mirrors: {"PATH": "/tools"})
    monkeypatch.setenv("DOCKER_HOST", "")
    return done


def test_the_engine_is_checked_before_tools_are_fetched_or_built(stages):
    def check_engine():
        stages.append("check")
        raise UnsuitableEngine("this engine is rootless")

    with pytest.raises(UnsuitableEngine):
        setup.run_setup(check_engine=check_engine)
    assert stages == ["programs", "engine", "check"]


def test_everything_is_made_ready_in_order(stages):
    ready = setup.run_setup()
    assert stages == ["programs", "engine", "tools"]
    assert ready.environment == {"PATH": "/tools", "DOCKER_HOST": "unix:///e"}


def test_without_an_engine_only_the_tools(stages):
    assert setup.run_setup(with_engine=False).engine is None
    assert stages == ["tools"]
