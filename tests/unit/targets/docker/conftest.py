"""What tests of the target docker share: an engine that only remembers."""

from contextlib import contextmanager

import pytest

from amanat.targets.docker import client as module
from tests.unit.targets.docker.engine_client import Client


@pytest.fixture
def client(monkeypatch):
    """The client that every module gets; tests put resources on it."""
    made = Client()

    @contextmanager
    def connection(uri):
        yield made

    monkeypatch.setattr(module, "connection", connection)
    return made
