"""What is said when an engine doesn't answer, or refuses."""

import gc
from types import SimpleNamespace

import pytest
from docker.errors import APIError

from amanat.targets.docker import client as module
from amanat.targets.docker.client import EngineRefused, EngineUnreachable


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_engine_that_does_not_answer_is_told(tmp_path):
    told = ""
    try:
        with module.connection(f"unix://{tmp_path}/none.sock"):
            pytest.fail("connected to nothing")
    except EngineUnreachable as failure:
        told = str(failure)
    assert "no Docker engine answers" in told
    assert f"{tmp_path}/none.sock" in told
    gc.collect()  # Docker's client leaves the socket it couldn't connect to the collector


def test_a_refusal_of_the_engine_is_one_message(monkeypatch):
    refusing = SimpleNamespace(ping=lambda: True, close=lambda: None)
    monkeypatch.setattr(module.docker, "DockerClient", lambda **options: refusing)
    with pytest.raises(EngineRefused, match="volume is in use"), module.connection("unix:///e"):
        raise APIError("409 Client Error", explanation="remove x: volume is in use")
