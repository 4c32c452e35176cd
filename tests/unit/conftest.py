"""What unit tests share: a stack's paths in a home of the test's own."""

import os

import pytest

from amanat.paths import StackPaths


class Recorded:
    """A reporter that remembers what stays on the screen."""

    def __init__(self):
        self.notes = []
        self.ticks = []

    def note(self, text):
        self.notes.append(text)

    def tick(self, text):
        self.ticks.append(text)


@pytest.fixture
def paths(tmp_path, monkeypatch):
    """A stack that no other test and no real checkout has, below a home that is not made yet."""
    monkeypatch.setenv("AMANAT_HOME", str(tmp_path / "home"))
    for name in [name for name in os.environ if name.startswith("PULUMI_")]:
        monkeypatch.delenv(name)
    project = tmp_path / "project"
    project.mkdir()
    return StackPaths("unit", project)


@pytest.fixture
def open_umask():
    """The most careless umask: what is private must be so by itself."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def report():
    return Recorded()


def mode(path):
    """The permission bits of a path."""
    return path.stat().st_mode & 0o7777
