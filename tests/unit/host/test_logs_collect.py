"""The collector goes on: after faults of a machine, beside others, until it is stopped."""

import threading
from contextlib import closing

import pytest

from amanat.audit.waiting import wait_until
from amanat_host.logs import collect
from amanat_host.logs.layout import days
from amanat_host.logs.store import Store
from amanat_host.logs.stored_entries import read_entries
from tests.unit.host.journal import Journal, entry

SECONDS = 30


@pytest.fixture
def collecting(monkeypatch, tmp_path):
    """`collecting(journal)`: a thread that stores it as machine `alpha` below the test's directory."""
    monkeypatch.setattr(collect, "AGAIN_SECONDS", 0.01)
    started = []

    def start(journal):
        monkeypatch.setattr(collect, "TlsSource", lambda *_: journal)
        settings = collect.Settings(["alpha"], 1, tmp_path, tmp_path / "sealed", tmp_path, tmp_path, tmp_path)
        collector = collect.Collector("alpha", settings, None)
        started.append(collector)
        collector.start()
        return collector

    yield start
    for collector in started:
        collector.stop()
        collector.join(SECONDS)
        assert not collector.is_alive()


@pytest.fixture
def journal():
    """A journal that waits a moment where it has nothing new."""
    made = Journal([entry(number) for number in range(1, 20)])
    made.on_idle = lambda: threading.Event().wait(0.01)
    return made


def numbers(directory):
    return [one.number for path in days(directory) for one in read_entries(path)]


def test_a_machine_that_comes_back_is_gone_on_with(collecting, journal, tmp_path, capsys):
    journal.is_away = True
    collecting(journal)
    assert wait_until(lambda: "alpha: away" in capsys.readouterr().err, SECONDS)
    journal.is_away = False
    assert wait_until(lambda: len(numbers(tmp_path / "alpha")) == 19, SECONDS)


def test_a_fault_that_lasts_is_told_once(collecting, journal, capsys):
    journal.is_away = True
    collecting(journal)
    assert wait_until(lambda: journal.asked > 5, SECONDS)
    assert capsys.readouterr().err.count("alpha: away") == 1


def test_what_another_holds_is_waited_for(collecting, journal, tmp_path, capsys):
    (tmp_path / "alpha").mkdir()
    with closing(Store(tmp_path / "alpha")):
        collecting(journal)
        assert wait_until(lambda: "another process" in capsys.readouterr().err, SECONDS)
    assert wait_until(lambda: len(numbers(tmp_path / "alpha")) == 19, SECONDS)
