"""What is told of the archive's partitions, and of the purge's last run."""

import json

import pytest

from amanat_host.archive import probe_purge

PERIOD = {"partition": "message_2025_10", "ended_days": 391.9, "kept_days": 366, "is_held": True}
CLOCKS = {
    "told_seconds_ago": 1500.5,
    "untold": [],
    "due_after_days": {"access": 190, "message": 366, "transaction": 366},
    "vault_alone": False,
}
NOW = 1_795_730_000
ANSWERS = {probe_purge.PERIODS: json.dumps([PERIOD]), probe_purge.CLOCKS: json.dumps(CLOCKS)}


@pytest.fixture
def ask(monkeypatch, call):
    """ask(shown): what the probe answers where systemctl shows that."""

    def asked(shown):
        monkeypatch.setattr(probe_purge, "become_postgres", lambda: None)
        monkeypatch.setattr(probe_purge, "query", lambda sql, where: ANSWERS[sql])
        monkeypatch.setattr(probe_purge, "run", lambda command: shown.encode())
        monkeypatch.setattr(probe_purge.time, "time", lambda: NOW + 60)
        status, said = call(probe_purge.main)
        assert status == 0
        return json.loads(said)

    return asked


def test_a_run_that_went_well_is_told_with_its_age(ask):
    told = ask(f"Result=success\nExecMainStatus=0\nExecMainExitTimestamp=@{NOW}\n")
    assert told == {"periods": [PERIOD], "clocks": CLOCKS, "ran_well": True, "ended_seconds_ago": 60}


@pytest.mark.parametrize(
    "shown", ["Result=exit-code\nExecMainStatus=3\n", "Result=success\nExecMainStatus=2\n", ""]
)
def test_a_run_that_failed_is_told(ask, shown):
    assert not ask(f"{shown}ExecMainExitTimestamp=@{NOW}\n")["ran_well"]


@pytest.mark.parametrize("ended", ["ExecMainExitTimestamp=\n", "ExecMainExitTimestamp=@0\n", ""])
def test_no_run_is_told_as_none(ask, ended):
    assert ask(f"Result=success\nExecMainStatus=0\n{ended}")["ended_seconds_ago"] is None


def test_nothing_is_kept_and_no_record_asked_for():
    assert "BEGIN READ ONLY" in probe_purge.PERIODS
    assert probe_purge.CLOCKS.count("BEGIN;") == 1
    assert probe_purge.CLOCKS.endswith("ROLLBACK;\n")
    assert "COMMIT" not in probe_purge.CLOCKS
    assert "FROM archive.message" not in probe_purge.PERIODS + probe_purge.CLOCKS
